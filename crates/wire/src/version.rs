//! Service versions, and everything that depends on them.

use std::fmt;
use std::ops::Range;

use chrono::NaiveDate;

use crate::date::digits;

/// A service version: the date of `x-ms-version`, written `YYYY-MM-DD`. REST page "Versioning
/// for Azure Storage".
///
/// It need not be a released one. An SDK newer than this server names a date that is not known
/// yet; since every gate below asks "this version or later", such a date is ruled as
/// [`ServiceVersion::NEWEST`] and still printed in answers as it was sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServiceVersion(u32);

impl ServiceVersion {
    /// The newest version that this server knows.
    pub const NEWEST: Self = date(2026, 10, 6);

    /// Every version that was released, oldest first.
    pub const RELEASED: &[Self] = &[
        date(2008, 10, 27),
        date(2009, 4, 14),
        date(2009, 7, 17),
        date(2009, 9, 19),
        date(2011, 8, 18),
        date(2012, 2, 12),
        date(2013, 8, 15),
        date(2014, 2, 14),
        date(2015, 2, 21),
        date(2015, 4, 5),
        date(2015, 7, 8),
        date(2015, 12, 11),
        date(2016, 5, 31),
        date(2017, 4, 17),
        date(2017, 7, 29),
        date(2017, 11, 9),
        date(2018, 3, 28),
        date(2018, 11, 9),
        date(2019, 2, 2),
        date(2019, 7, 7),
        date(2019, 10, 10),
        date(2019, 12, 12),
        date(2020, 2, 10),
        date(2020, 4, 8),
        date(2020, 6, 12),
        date(2020, 8, 4),
        date(2020, 10, 2),
        date(2020, 12, 6),
        date(2021, 2, 12),
        date(2021, 4, 10),
        date(2021, 6, 8),
        date(2021, 8, 6),
        date(2021, 10, 4),
        date(2021, 12, 2),
        date(2022, 11, 2),
        date(2023, 1, 3),
        date(2023, 5, 3),
        date(2023, 8, 3),
        date(2023, 11, 3),
        date(2024, 2, 4),
        date(2024, 5, 4),
        date(2024, 8, 4),
        date(2024, 11, 4),
        date(2025, 1, 5),
        date(2025, 5, 5),
        date(2025, 7, 5),
        date(2025, 11, 5),
        date(2026, 2, 6),
        date(2026, 4, 6),
        date(2026, 6, 6),
        Self::NEWEST,
    ];

    /// The version of a shared access signature that names none: the first that had them.
    pub const SAS_WITHOUT_VERSION: Self = date(2012, 2, 12);

    /// Reads a real date written exactly `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let number = |at: Range<usize>| text.get(at)?.parse::<u32>().ok();
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let is_real = NaiveDate::from_ymd_opt(year.cast_signed(), month, day).is_some();
        (shaped && is_real).then_some(date(year, month, day))
    }

    /// Whether the service ever had this version.
    pub fn is_released(self) -> bool {
        Self::RELEASED.binary_search(&self).is_ok()
    }

    /// Whether `SharedKey` signs the short form, which is that of `SharedKeyLite`: before
    /// 2009-09-19. REST page "Authorize with Shared Key".
    pub const fn shared_key_is_short(self) -> bool {
        self.0 < date(2009, 9, 19).0
    }
}

macro_rules! gates {
    ($($(#[$doc:meta])* $name:ident $year:literal $month:literal $day:literal)*) => {
        /// What changed for queues, and since when.
        impl ServiceVersion {
            $(
                $(#[$doc])*
                pub const fn $name(self) -> bool {
                    self.0 >= date($year, $month, $day).0
                }
            )*
        }

        #[cfg(test)]
        type Gate = (&'static str, fn(ServiceVersion) -> bool, ServiceVersion);

        #[cfg(test)]
        const GATES: &[Gate] = &[
            $((stringify!($name), ServiceVersion::$name, date($year, $month, $day)),)*
        ];
    };
}

gates! {
    /// Answers carry `x-ms-version` and `Server`: since 2009-09-19.
    sends_version_header 2009 9 19
    /// Metadata names must be C# identifiers: since 2009-09-19.
    metadata_names_are_identifiers 2009 9 19
    /// List Queues understands `include=metadata`: since 2009-09-19.
    lists_metadata 2009 9 19
    /// Messages come with their `DequeueCount`: since 2009-09-19.
    counts_dequeues 2009 9 19

    /// Update Message exists: since 2011-08-18.
    has_update_message 2011 8 18
    /// Put Message understands `visibilitytimeout`: since 2011-08-18.
    puts_may_hide 2011 8 18
    /// A message text may have 64 KiB instead of 8 KiB: since 2011-08-18.
    texts_reach_64_kib 2011 8 18
    /// A visibility timeout may be seven days instead of two hours: since 2011-08-18.
    visibility_timeout_reaches_seven_days 2011 8 18

    /// Stored access policies, Get Queue ACL and Set Queue ACL exist: since 2012-02-12.
    has_acl 2012 2 12

    /// CORS rules and preflight requests exist: since 2013-08-15.
    has_cors 2013 8 15
    /// Get Queue Service Stats exists: since 2013-08-15.
    has_service_stats 2013 8 15
    /// The service properties have `HourMetrics` and `MinuteMetrics` instead of `Metrics`:
    /// since 2013-08-15.
    has_hour_and_minute_metrics 2013 8 15
    /// Set Queue Service Properties keeps what it does not name: since 2013-08-15.
    updates_properties_partially 2013 8 15
    /// List Queues names its account in `ServiceEndpoint`, and its queues have no `Url`: since
    /// 2013-08-15. Before, the attribute was `AccountName`.
    lists_service_endpoint 2013 8 15

    /// A shared access signature may be used at a version other than its own, which the
    /// parameter `api-version` or the header names: since 2014-02-14.
    has_api_version 2014 2 14

    /// Successful answers to GET and HEAD carry `Cache-Control`: since 2014-02-14.
    sends_cache_control 2014 2 14

    /// A `Content-Length` of zero is signed as an empty line: since 2015-02-21.
    zero_content_length_signs_empty 2015 2 21

    /// A queue SAS signs `/queue/account/name` instead of `/account/name`: since 2015-02-21.
    signs_service_of_queue 2015 2 21

    /// Account SAS exist, and signatures may bind their use to an address and a protocol: since
    /// 2015-04-05. Refusals of a SAS say what is missing.
    has_account_sas 2015 4 5

    /// Put Message answers with a body: since 2016-05-31.
    puts_return_a_body 2016 5 31
    /// Get Messages writes `PopReceipt` and `TimeNextVisible` before `DequeueCount`: since
    /// 2016-05-31. Before, `DequeueCount` came first.
    pop_receipt_precedes_dequeue_count 2016 5 31
    /// An `x-ms-` header with an empty value is signed: since 2016-05-31.
    signs_empty_headers 2016 5 31

    /// Errors carry `x-ms-error-code`: since 2017-07-29.
    sends_error_code_header 2017 7 29
    /// A time-to-live may exceed seven days, or be endless: since 2017-07-29.
    time_to_live_is_unlimited 2017 7 29

    /// Bearer tokens are known: since 2017-11-09.
    has_bearer_tokens 2017 11 9

    /// Answers repeat `x-ms-client-request-id`: since 2019-02-02.
    echoes_client_request_id 2019 2 2

    /// An account SAS signs its encryption scope: since 2020-12-06.
    signs_encryption_scope 2020 12 6

    /// A request without a credential is challenged with 401 instead of told 404: since
    /// 2019-12-12.
    challenges_anonymous 2019 12 12

    /// User delegation SAS of queues exist: since 2025-07-05.
    has_user_delegation_sas 2025 7 5
    /// Get User Delegation Key exists for queues: since 2026-02-06.
    has_user_delegation_key 2026 2 6
    /// User delegation may be to users of a tenant that the key and the signature name: since
    /// 2026-04-06.
    delegates_to_users_of_tenants 2026 4 6
}

impl fmt::Display for ServiceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(date) = self;
        let mut text = *b"0000-00-00";
        text[..4].copy_from_slice(&digits::<4>(date / 10_000));
        text[5..7].copy_from_slice(&digits::<2>(date / 100));
        text[8..].copy_from_slice(&digits::<2>(*date));
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

const fn date(year: u32, month: u32, day: u32) -> ServiceVersion {
    ServiceVersion(year * 10_000 + month * 100 + day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gate_opens_at_its_version_and_not_before() {
        let released = ServiceVersion::RELEASED;
        for (name, gate, since) in GATES {
            let at = released.binary_search(since).expect(name);
            assert!(gate(*since), "{name}");
            assert!(gate(ServiceVersion::NEWEST), "{name}");
            assert!(!gate(released[at - 1]), "{name}");
        }
    }

    #[test]
    fn shared_key_was_short_before_2009_09_19() {
        assert!(date(2009, 7, 17).shared_key_is_short());
        assert!(!date(2009, 9, 19).shared_key_is_short());
    }

    #[test]
    fn the_released_versions_are_in_order_and_end_in_the_newest() {
        assert!(ServiceVersion::RELEASED.is_sorted());
        assert_eq!(
            ServiceVersion::RELEASED.last(),
            Some(&ServiceVersion::NEWEST)
        );
        assert!(date(2021, 10, 4).is_released());
        assert!(!date(2021, 10, 5).is_released());
    }

    #[test]
    fn what_parses_prints_as_it_was() {
        for text in ["2026-10-06", "2009-09-19", "2031-01-01", "0001-01-01"] {
            assert_eq!(ServiceVersion::parse(text).unwrap().to_string(), text);
        }
        for version in ServiceVersion::RELEASED {
            assert_eq!(ServiceVersion::parse(&version.to_string()), Some(*version));
        }
    }

    #[test]
    fn only_real_dates_of_the_one_spelling_are_versions() {
        for text in [
            "",
            "2026-13-01",
            "2026-02-30",
            "2025-02-29",
            "2026-4-06",
            " 2026-04-06",
            "2026-04-06 ",
            "2026/04/06",
            "+026-04-06",
            "20260406",
            "２026-04-06",
            "latest",
        ] {
            assert_eq!(ServiceVersion::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_version_of_the_future_is_ruled_as_the_newest() {
        let future = ServiceVersion::parse("2031-01-01").unwrap();
        assert!(GATES.iter().all(|(_, gate, _)| gate(future)));
        assert!(!future.is_released());
    }
}
