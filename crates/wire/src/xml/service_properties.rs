//! The `StorageServiceProperties` of Get and Set Queue Service Properties. REST page "Set Queue
//! Service Properties".
//!
//! There are two generations. Through version 2012-02-12 a document has `Logging` and
//! `Metrics`, always both. Since 2013-08-15 it has `Logging`, `HourMetrics`, `MinuteMetrics`
//! and `Cors`, and one that is left out stays as it was. `Metrics` was the hourly one.

use bytes::Bytes;
use queuerite_model::{
    CorsRule, Logging, Metrics, RetentionPolicy, ServiceProperties, ServicePropertiesUpdate,
    limits::{
        CORS_BYTES_MAX, CORS_ITEM_CHARACTERS_MAX, CORS_ITEMS_MAX, CORS_PREFIXED_HEADERS_MAX,
        CORS_RULES_MAX, RETENTION_DAYS_MAX,
    },
};

use super::{
    invalid,
    reader::{Document, Element},
    writer::Writer,
};
use crate::{ServiceVersion, StorageService, WireError};

/// Reads which properties to replace, and with what.
pub fn read(body: &[u8], version: ServiceVersion) -> Result<ServicePropertiesUpdate, WireError> {
    let document = Document::parse(body)?;
    let root = document.root("StorageServiceProperties")?;
    if root.is_one_tag() {
        return Err(document.invalid_empty_root());
    }
    let logging = |element: &Element<'_>| read_logging(&document, element);
    let metrics = |element: &Element<'_>| read_metrics(&document, element);
    if version.updates_properties_partially() {
        let [logs, hour, minute, cors] =
            root.fields(["Logging", "HourMetrics", "MinuteMetrics", "Cors"])?;
        Ok(ServicePropertiesUpdate {
            logging: logs.map(logging).transpose()?,
            hour_metrics: hour.map(metrics).transpose()?,
            minute_metrics: minute.map(metrics).transpose()?,
            cors: cors.map(read_cors).transpose()?,
        })
    } else {
        let [logs, hour] = root.fields(["Logging", "Metrics"])?;
        Ok(ServicePropertiesUpdate {
            logging: Some(logging(logs.ok_or_else(invalid)?)?),
            hour_metrics: Some(metrics(hour.ok_or_else(invalid)?)?),
            ..ServicePropertiesUpdate::default()
        })
    }
}

/// Writes all properties that the version knows.
pub(crate) fn write(properties: &ServiceProperties, version: ServiceVersion) -> Bytes {
    write_of(StorageService::Queue, properties, version)
}

/// Writes those of a service that nobody has set, with what only that service has.
pub(crate) fn write_default(service: StorageService, version: ServiceVersion) -> Bytes {
    write_of(service, &ServiceProperties::default(), version)
}

fn write_of(
    service: StorageService,
    properties: &ServiceProperties,
    version: ServiceVersion,
) -> Bytes {
    Writer::document(|writer| {
        writer.element("StorageServiceProperties", |writer| {
            write_logging(writer, properties.logging);
            if version.has_hour_and_minute_metrics() {
                write_metrics(writer, "HourMetrics", properties.hour_metrics);
                write_metrics(writer, "MinuteMetrics", properties.minute_metrics);
                write_cors(writer, &properties.cors);
            } else {
                write_metrics(writer, "Metrics", properties.hour_metrics);
            }
            if service == StorageService::Blob {
                for element in ["DeleteRetentionPolicy", "StaticWebsite"] {
                    writer.element(element, |writer| writer.leaf("Enabled", false));
                }
            }
        });
    })
}

fn read_logging(document: &Document<'_>, element: &Element<'_>) -> Result<Logging, WireError> {
    let [version, read, write, delete, retention] =
        element.fields(["Version", "Read", "Write", "Delete", "RetentionPolicy"])?;
    check_version(version)?;
    Ok(Logging {
        read: boolean(read)?,
        write: boolean(write)?,
        delete: boolean(delete)?,
        retention_policy: read_retention(document, retention)?,
    })
}

fn read_metrics(document: &Document<'_>, element: &Element<'_>) -> Result<Metrics, WireError> {
    let [version, enabled, include_apis, retention] =
        element.fields(["Version", "Enabled", "IncludeAPIs", "RetentionPolicy"])?;
    check_version(version)?;
    Ok(Metrics {
        include_apis: boolean(enabled)?
            .then(|| boolean(include_apis))
            .transpose()?,
        retention_policy: read_retention(document, retention)?,
    })
}

fn read_retention(
    document: &Document<'_>,
    element: Option<&Element<'_>>,
) -> Result<RetentionPolicy, WireError> {
    let [enabled, days] = element.ok_or_else(invalid)?.fields(["Enabled", "Days"])?;
    if !boolean(enabled)? {
        return Ok(RetentionPolicy { days: None });
    }
    let element = days.ok_or_else(invalid)?;
    let days: i64 = number(element)?;
    match u16::try_from(days) {
        Ok(days @ 1..=RETENTION_DAYS_MAX) => Ok(RetentionPolicy { days: Some(days) }),
        _ => Err(document.invalid_after(element, RETENTION_REASON)),
    }
}

fn read_cors(element: &Element<'_>) -> Result<Vec<CorsRule>, WireError> {
    let rules = element.list("CorsRule")?;
    if rules.len() > CORS_RULES_MAX {
        return Err(invalid());
    }
    let mut bytes = 0;
    rules
        .iter()
        .map(|element| {
            let rule = read_cors_rule(element)?;
            bytes += rule.allowed_origins.len()
                + rule.allowed_methods.len()
                + rule.allowed_headers.len()
                + rule.exposed_headers.len()
                + rule.max_age_in_seconds.to_string().len();
            (bytes <= CORS_BYTES_MAX)
                .then_some(rule)
                .ok_or_else(invalid)
        })
        .collect()
}

fn read_cors_rule(element: &Element<'_>) -> Result<CorsRule, WireError> {
    let fields = element.fields([
        "AllowedOrigins",
        "AllowedMethods",
        "AllowedHeaders",
        "ExposedHeaders",
        "MaxAgeInSeconds",
    ])?;
    let [
        Some(origins),
        Some(methods),
        Some(allowed),
        Some(exposed),
        Some(age),
    ] = fields
    else {
        return Err(invalid());
    };
    let rule = CorsRule {
        allowed_origins: origins.value()?.trim_ascii().into(),
        allowed_methods: methods.value()?.trim_ascii().into(),
        allowed_headers: allowed.value()?.trim_ascii().into(),
        exposed_headers: exposed.value()?.trim_ascii().into(),
        // The service counts in signed integers of 32 bits.
        max_age_in_seconds: number::<i32>(age)?.try_into().map_err(|_| invalid())?,
    };
    let origins_are_legal = !rule.allowed_origins.is_empty()
        && items(&rule.allowed_origins).count() <= CORS_ITEMS_MAX
        && items(&rule.allowed_origins).all(is_short);
    let methods_are_legal = items(&rule.allowed_methods).all(|item| METHODS.contains(&item));
    let headers_are_legal =
        headers_are_legal(&rule.allowed_headers) && headers_are_legal(&rule.exposed_headers);
    (origins_are_legal && methods_are_legal && headers_are_legal)
        .then_some(rule)
        .ok_or_else(invalid)
}

fn headers_are_legal(list: &str) -> bool {
    let prefixed = items(list).filter(|item| item.ends_with('*')).count();
    let literal = items(list).count() - prefixed;
    prefixed <= CORS_PREFIXED_HEADERS_MAX && literal <= CORS_ITEMS_MAX && items(list).all(is_short)
}

/// The items of a comma-separated list; an empty text has one, which is empty.
fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim_ascii)
}

fn is_short(item: &str) -> bool {
    item.chars().count() <= CORS_ITEM_CHARACTERS_MAX
}

fn check_version(element: Option<&Element<'_>>) -> Result<(), WireError> {
    let version = element.ok_or_else(invalid)?.value()?;
    (version.trim_ascii() == VERSION)
        .then_some(())
        .ok_or_else(invalid)
}

/// Clients in Python write `True` and `False`.
fn boolean(element: Option<&Element<'_>>) -> Result<bool, WireError> {
    let text = element.ok_or_else(invalid)?.value()?.trim_ascii();
    match text {
        _ if text.eq_ignore_ascii_case("true") => Ok(true),
        _ if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(invalid()),
    }
}

fn number<T: std::str::FromStr>(element: &Element<'_>) -> Result<T, WireError> {
    element.value()?.trim_ascii().parse().map_err(|_| invalid())
}

fn write_logging(writer: &mut Writer, logging: Logging) {
    writer.element("Logging", |writer| {
        writer.leaf("Version", VERSION);
        writer.leaf("Read", logging.read);
        writer.leaf("Write", logging.write);
        writer.leaf("Delete", logging.delete);
        write_retention(writer, logging.retention_policy);
    });
}

fn write_metrics(writer: &mut Writer, name: &str, metrics: Metrics) {
    writer.element(name, |writer| {
        writer.leaf("Version", VERSION);
        writer.leaf("Enabled", metrics.enabled());
        if let Some(include_apis) = metrics.include_apis {
            writer.leaf("IncludeAPIs", include_apis);
        }
        write_retention(writer, metrics.retention_policy);
    });
}

fn write_retention(writer: &mut Writer, policy: RetentionPolicy) {
    writer.element("RetentionPolicy", |writer| {
        writer.leaf("Enabled", policy.days.is_some());
        if let Some(days) = policy.days {
            writer.leaf("Days", days);
        }
    });
}

fn write_cors(writer: &mut Writer, rules: &[CorsRule]) {
    writer.element("Cors", |writer| {
        for rule in rules {
            writer.element("CorsRule", |writer| {
                writer.leaf("AllowedMethods", &rule.allowed_methods);
                writer.leaf("AllowedOrigins", &rule.allowed_origins);
                writer.leaf("AllowedHeaders", &rule.allowed_headers);
                writer.leaf("ExposedHeaders", &rule.exposed_headers);
                writer.leaf("MaxAgeInSeconds", rule.max_age_in_seconds);
            });
        }
    });
}

const VERSION: &str = "1.0";
const RETENTION_REASON: &str =
    "Retention days must be greater than 0 and less than or equal to 365 days.";
const METHODS: [&str; 8] = [
    "DELETE", "GET", "HEAD", "MERGE", "OPTIONS", "PATCH", "POST", "PUT",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OLD: &str = "2012-02-12";
    const PROLOG: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>";
    const DISABLED: &str = "<Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>";

    fn version(text: &str) -> ServiceVersion {
        ServiceVersion::parse(text).unwrap()
    }

    fn read_new(body: impl AsRef<[u8]>) -> Result<ServicePropertiesUpdate, WireError> {
        read(body.as_ref(), ServiceVersion::NEWEST)
    }

    fn read_root(inner: &str) -> Result<ServicePropertiesUpdate, WireError> {
        read_new(format!(
            "<StorageServiceProperties>{inner}</StorageServiceProperties>"
        ))
    }

    #[track_caller]
    fn refused(inner: &str) {
        assert_eq!(read_root(inner), Err(invalid()), "{inner}");
    }

    fn documented() -> ServiceProperties {
        let week = RetentionPolicy { days: Some(7) };
        ServiceProperties {
            logging: Logging {
                read: false,
                write: true,
                delete: true,
                retention_policy: week,
            },
            hour_metrics: Metrics {
                include_apis: Some(false),
                retention_policy: week,
            },
            minute_metrics: Metrics::default(),
            cors: vec![CorsRule {
                allowed_origins: "https://shop.example".into(),
                allowed_methods: "GET,PUT".into(),
                allowed_headers: "x-ms-meta-*,content-type".into(),
                exposed_headers: "x-ms-*".into(),
                max_age_in_seconds: 300,
            }],
        }
    }

    fn update(properties: ServiceProperties) -> ServicePropertiesUpdate {
        ServicePropertiesUpdate {
            logging: Some(properties.logging),
            hour_metrics: Some(properties.hour_metrics),
            minute_metrics: Some(properties.minute_metrics),
            cors: Some(properties.cors),
        }
    }

    #[test]
    fn the_documented_request_is_read() {
        let body = "<?xml version=\"1.0\" encoding=\"utf-8\"?>
<StorageServiceProperties>
  <Logging><Version>1.0</Version><Delete>true</Delete><Read>false</Read><Write>true</Write>
    <RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy></Logging>
  <HourMetrics><Version>1.0</Version><Enabled>true</Enabled><IncludeAPIs>false</IncludeAPIs>
    <RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy></HourMetrics>
  <MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled>
    <RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></MinuteMetrics>
  <Cors><CorsRule><AllowedOrigins>https://shop.example</AllowedOrigins><AllowedMethods>GET,PUT</AllowedMethods>
    <MaxAgeInSeconds>300</MaxAgeInSeconds><ExposedHeaders>x-ms-*</ExposedHeaders>
    <AllowedHeaders>x-ms-meta-*,content-type</AllowedHeaders></CorsRule></Cors>
</StorageServiceProperties>";
        assert_eq!(read_new(body), Ok(update(documented())));
    }

    #[test]
    fn the_documented_answer_is_written() {
        let expected = "<StorageServiceProperties><Logging><Version>1.0</Version><Read>false</Read><Write>true</Write><Delete>true</Delete><RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy></Logging><HourMetrics><Version>1.0</Version><Enabled>true</Enabled><IncludeAPIs>false</IncludeAPIs><RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy></HourMetrics><MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></MinuteMetrics><Cors><CorsRule><AllowedMethods>GET,PUT</AllowedMethods><AllowedOrigins>https://shop.example</AllowedOrigins><AllowedHeaders>x-ms-meta-*,content-type</AllowedHeaders><ExposedHeaders>x-ms-*</ExposedHeaders><MaxAgeInSeconds>300</MaxAgeInSeconds></CorsRule></Cors></StorageServiceProperties>";
        let document = write(&documented(), version("2013-08-15"));
        assert_eq!(
            str::from_utf8(&document).unwrap(),
            format!("{PROLOG}{expected}")
        );
    }

    #[test]
    fn the_properties_of_a_new_account_are_all_off() {
        let document = write(&ServiceProperties::default(), ServiceVersion::NEWEST);
        let expected = format!(
            "{PROLOG}<StorageServiceProperties><Logging><Version>1.0</Version><Read>false</Read><Write>false</Write><Delete>false</Delete><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging><HourMetrics>{DISABLED}</HourMetrics><MinuteMetrics>{DISABLED}</MinuteMetrics><Cors /></StorageServiceProperties>"
        );
        assert_eq!(str::from_utf8(&document).unwrap(), expected);
    }

    #[test]
    fn through_2012_02_12_there_were_logging_and_metrics() {
        let document = write(&documented(), version(OLD));
        let inner = "<Logging><Version>1.0</Version><Read>false</Read><Write>true</Write><Delete>true</Delete><RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy></Logging><Metrics><Version>1.0</Version><Enabled>true</Enabled><IncludeAPIs>false</IncludeAPIs><RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy></Metrics>";
        let expected =
            format!("{PROLOG}<StorageServiceProperties>{inner}</StorageServiceProperties>");
        assert_eq!(str::from_utf8(&document).unwrap(), expected);

        let set = ServicePropertiesUpdate {
            logging: Some(documented().logging),
            hour_metrics: Some(documented().hour_metrics),
            ..ServicePropertiesUpdate::default()
        };
        assert_eq!(read(&document, version(OLD)), Ok(set));
        assert_eq!(read_new(document), Err(invalid()));
        let newer = write(&documented(), ServiceVersion::NEWEST);
        assert_eq!(read(&newer, version(OLD)), Err(invalid()));
        let half = format!(
            "<StorageServiceProperties><Metrics>{DISABLED}</Metrics></StorageServiceProperties>"
        );
        assert_eq!(read(half.as_bytes(), version(OLD)), Err(invalid()));
    }

    #[test]
    fn what_is_left_out_is_kept_and_an_empty_cors_removes_all() {
        assert_eq!(read_root(""), Ok(ServicePropertiesUpdate::default()));
        let cleared = ServicePropertiesUpdate {
            cors: Some(Vec::new()),
            ..ServicePropertiesUpdate::default()
        };
        assert_eq!(read_root("<Cors />"), Ok(cleared.clone()));
        assert_eq!(read_root(" <Cors>\n</Cors> "), Ok(cleared));
    }

    #[test]
    fn booleans_come_in_both_cases_and_what_is_off_may_say_more() {
        let body = "<MinuteMetrics><Version>1.0</Version><Enabled>False</Enabled><IncludeAPIs>False</IncludeAPIs><RetentionPolicy><Enabled>False</Enabled><Days>0</Days></RetentionPolicy></MinuteMetrics><HourMetrics><Version> 1.0 </Version><Enabled> True </Enabled><IncludeAPIs>true</IncludeAPIs><RetentionPolicy><Days>365</Days><Enabled>True</Enabled></RetentionPolicy></HourMetrics>";
        let expected = ServicePropertiesUpdate {
            hour_metrics: Some(Metrics {
                include_apis: Some(true),
                retention_policy: RetentionPolicy { days: Some(365) },
            }),
            minute_metrics: Some(Metrics::default()),
            ..ServicePropertiesUpdate::default()
        };
        assert_eq!(read_root(body), Ok(expected));
    }

    /// The request of the recording: it faults at 2/176.
    #[test]
    fn days_over_365_are_refused_at_the_recorded_place() {
        let body = |days: &str| {
            format!(
                "<?xml version='1.0' encoding='utf-8'?>\n<StorageServiceProperties><Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read><Write>false</Write><RetentionPolicy><Enabled>true</Enabled><Days>{days}</Days></RetentionPolicy></Logging></StorageServiceProperties>"
            )
        };
        let refused_at = |position| {
            Err(WireError::InvalidXml {
                line: 2,
                position,
                reason: "Retention days must be greater than 0 and less than or equal to 365 days."
                    .into(),
            })
        };
        assert_eq!(read_new(body("366")), refused_at(176));
        assert_eq!(read_new(body("0")), refused_at(174));
        assert_eq!(read_new(body("-1")), refused_at(175));
        assert_eq!(read_new(body("65537")), refused_at(178));
        assert!(read_new(body("1")).is_ok());
        assert_eq!(read_new(body("x")), Err(invalid()));
    }

    #[test]
    fn a_root_of_one_tag_is_refused_at_the_recorded_place() {
        let body = "<?xml version='1.0' encoding='utf-8'?>\n<StorageServiceProperties />";
        let expected = WireError::InvalidXml {
            line: 2,
            position: 29,
            reason:
                "Error parsing Xml content: 'None' is an invalid XmlNodeType. Line 2, position 29."
                    .into(),
        };
        assert_eq!(read_new(body), Err(expected));
    }

    #[test]
    fn a_part_that_is_named_is_complete_and_nothing_else_is_named() {
        refused("<Logging />");
        refused(
            "<Logging><Version>1.0</Version><Delete>true</Delete><Read>true</Read><Write>true</Write></Logging>",
        );
        refused(
            "<HourMetrics><Version>1.0</Version><Enabled>true</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></HourMetrics>",
        );
        refused(
            "<HourMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>true</Enabled></RetentionPolicy></HourMetrics>",
        );
        refused(&format!(
            "<HourMetrics>{}</HourMetrics>",
            DISABLED.replace("1.0", "2.0")
        ));
        refused(&format!(
            "<HourMetrics>{}</HourMetrics>",
            DISABLED.replace("false", "no")
        ));
        refused(&format!(
            "<HourMetrics>{DISABLED}</HourMetrics><HourMetrics>{DISABLED}</HourMetrics>"
        ));
        refused(&format!("<HourMetrics>{DISABLED}<More /></HourMetrics>"));
        refused(&format!("<HourMetrics>x{DISABLED}</HourMetrics>"));
        refused("<DefaultServiceVersion>2011-08-18</DefaultServiceVersion>");
        refused("<StaticWebsite><Enabled>false</Enabled></StaticWebsite>");
        refused("<DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy>");
        assert_eq!(read_new("<Properties></Properties>"), Err(invalid()));
    }

    fn cors(rules: &[CorsRule]) -> String {
        let properties = ServiceProperties {
            cors: rules.to_vec(),
            ..ServiceProperties::default()
        };
        let document = write(&properties, ServiceVersion::NEWEST);
        String::from_utf8(document.to_vec()).unwrap()
    }

    #[track_caller]
    fn accepts(change: impl Fn(&mut CorsRule), is_accepted: bool) {
        let mut rule = documented().cors.remove(0);
        change(&mut rule);
        let read = read_new(cors(std::slice::from_ref(&rule)));
        if is_accepted {
            assert_eq!(read.unwrap().cors, Some(vec![rule]));
        } else {
            assert_eq!(read, Err(invalid()));
        }
    }

    #[test]
    fn five_cors_rules_are_the_most() {
        let rule = documented().cors.remove(0);
        assert!(read_new(cors(&vec![rule.clone(); 5])).is_ok());
        assert_eq!(read_new(cors(&vec![rule; 6])), Err(invalid()));
    }

    #[test]
    fn origins_methods_and_ages_have_their_limits() {
        let list = |count, item: &str| vec![item; count].join(",");
        accepts(|rule| rule.allowed_origins = "*".into(), true);
        accepts(|rule| rule.allowed_origins = list(64, "a"), true);
        accepts(|rule| rule.allowed_origins = list(65, "a"), false);
        accepts(|rule| rule.allowed_origins = "a".repeat(256), true);
        accepts(|rule| rule.allowed_origins = "a".repeat(257), false);
        accepts(|rule| rule.allowed_origins = String::new(), false);

        let all = "DELETE,GET,HEAD,MERGE,OPTIONS,PATCH, POST, PUT";
        accepts(|rule| rule.allowed_methods = all.into(), true);
        accepts(|rule| rule.allowed_methods = "GET,TRACE".into(), false);
        accepts(|rule| rule.allowed_methods = "get".into(), false);
        accepts(|rule| rule.allowed_methods = String::new(), false);

        accepts(|rule| rule.max_age_in_seconds = 0, true);
        accepts(
            |rule| rule.max_age_in_seconds = i32::MAX.cast_unsigned(),
            true,
        );
        accepts(|rule| rule.max_age_in_seconds = u32::MAX, false);
        let negative = cors(&documented().cors).replace("300", "-1");
        assert_eq!(read_new(negative), Err(invalid()));
    }

    #[test]
    fn headers_have_their_limits() {
        let list = |count, item: &str| vec![item; count].join(",");
        accepts(|rule| rule.allowed_headers = String::new(), true);
        accepts(|rule| rule.exposed_headers = "*".into(), true);
        accepts(
            |rule| rule.allowed_headers = list(64, "a") + ",x-*,y-*",
            true,
        );
        accepts(|rule| rule.allowed_headers = list(65, "a"), false);
        accepts(|rule| rule.exposed_headers = list(3, "x-*"), false);
        accepts(|rule| rule.exposed_headers = "a".repeat(257), false);
        let missing = cors(&documented().cors).replace("ExposedHeaders>", "Exposed>");
        assert_eq!(read_new(missing), Err(invalid()));
    }

    #[test]
    fn all_cors_text_together_has_two_kibibytes() {
        let rule = |bytes: usize| CorsRule {
            allowed_origins: "a".repeat(200),
            allowed_methods: "GET".into(),
            allowed_headers: vec!["b".repeat(99); 4].join(","),
            exposed_headers: "c".repeat(bytes - 200 - 3 - 399 - 1),
            max_age_in_seconds: 1,
        };
        assert!(read_new(cors(&[rule(700), rule(700), rule(648)])).is_ok());
        let over = [rule(700), rule(700), rule(649)];
        assert_eq!(read_new(cors(&over)), Err(invalid()));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(properties in any_properties()) {
            let document = write(&properties, ServiceVersion::NEWEST);
            prop_assert_eq!(read_new(document), Ok(update(properties)));
        }

        #[test]
        fn no_body_panics(body in any::<Vec<u8>>(), at in 0..2000_usize, byte in any::<u8>()) {
            let _ = read_new(body);
            let mut document = write(&documented(), ServiceVersion::NEWEST).to_vec();
            let at = at % document.len();
            document[at] = byte;
            let _ = read_new(&document);
            let _ = read_new(&document[..at]);
        }
    }

    fn any_properties() -> impl Strategy<Value = ServiceProperties> {
        let retention = || prop::option::of(1..=365_u16).prop_map(|days| RetentionPolicy { days });
        let logging = (any::<[bool; 3]>(), retention()).prop_map(
            |([read, write, delete], retention_policy)| Logging {
                read,
                write,
                delete,
                retention_policy,
            },
        );
        let metrics = || {
            (any::<Option<bool>>(), retention()).prop_map(|(include_apis, retention_policy)| {
                Metrics {
                    include_apis,
                    retention_policy,
                }
            })
        };
        let rule = (
            "[a-z&<>\"é]{1,20}",
            "(GET|PUT,POST)",
            "[a-z-]{0,20}",
            0..1000_u32,
        )
            .prop_map(|(origins, methods, headers, age)| CorsRule {
                allowed_origins: origins,
                allowed_methods: methods,
                allowed_headers: headers.clone(),
                exposed_headers: headers,
                max_age_in_seconds: age,
            });
        let cors = prop::collection::vec(rule, 0..=5);
        (logging, metrics(), metrics(), cors).prop_map(
            |(logging, hour_metrics, minute_metrics, cors)| ServiceProperties {
                logging,
                hour_metrics,
                minute_metrics,
                cors,
            },
        )
    }
}
