package compat

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"compat/azqueue"
)

// More pages than any test has queues. A server may say for ever that there is another.
const pagesMax = 100

// list gives the names on each page.
func list(t *testing.T, client *azqueue.ServiceClient, o azqueue.ListQueuesOptions) (pages [][]string) {
	t.Helper()
	for pager := client.NewListQueuesPager(&o); pager.More(); {
		page := must(pager.NextPage(ctx))(t)
		names := []string{}
		for _, queue := range page.Queues {
			names = append(names, *queue.Name)
		}
		pages = append(pages, names)
		if len(pages) > pagesMax {
			t.Fatalf("there are more than %d pages, and still one to come", pagesMax)
		}
	}
	return pages
}

// several creates queues with these endings to a common prefix, in this order.
func several(t *testing.T, endings ...string) (prefix string) {
	t.Helper()
	prefix = newName()
	for _, ending := range endings {
		create(t, prefix+ending, nil)
	}
	return prefix
}

func TestS001_queues_are_listed_by_name(t *testing.T) {
	defer caught(t)
	t.Parallel()
	prefix := several(t, "-b", "-c", "-a")
	page := must(service.NewListQueuesPager(&azqueue.ListQueuesOptions{Prefix: &prefix}).NextPage(ctx))(t)
	equal(t, len(page.Queues), 3)
	for i, ending := range []string{"-a", "-b", "-c"} {
		equal(t, *page.Queues[i].Name, prefix+ending)
		equal(t, len(page.Queues[i].Metadata), 0)
	}
}

func TestS002_a_prefix_selects(t *testing.T) {
	defer caught(t)
	t.Parallel()
	prefix := several(t, "-aa", "-ab", "-b")
	equal(t, list(t, service, azqueue.ListQueuesOptions{Prefix: ptr(prefix + "-a")}), [][]string{{prefix + "-aa", prefix + "-ab"}})
	equal(t, list(t, service, azqueue.ListQueuesOptions{Prefix: ptr(prefix + "-c")}), [][]string{{}})
}

func TestS003_a_list_includes_metadata_when_it_is_asked_for(t *testing.T) {
	defer caught(t)
	t.Parallel()
	name := newName()
	create(t, name, pairs(map[string]string{"color": "blue"}))
	for include, want := range map[bool]map[string]string{true: {"color": "blue"}, false: {}} {
		page := must(service.NewListQueuesPager(&azqueue.ListQueuesOptions{
			Prefix: &name, Include: azqueue.ListQueuesInclude{Metadata: include},
		}).NextPage(ctx))(t)
		equal(t, len(page.Queues), 1)
		equal(t, lowered(page.Queues[0].Metadata), want)
	}
}

func TestS004_a_list_comes_in_pages(t *testing.T) {
	defer caught(t)
	t.Parallel()
	prefix := several(t, "-d", "-a", "-g", "-b", "-f", "-c", "-e")
	equal(t, list(t, service, azqueue.ListQueuesOptions{Prefix: &prefix, MaxResults: ptr(int32(3))}), [][]string{
		{prefix + "-a", prefix + "-b", prefix + "-c"}, {prefix + "-d", prefix + "-e", prefix + "-f"}, {prefix + "-g"},
	})
}

func TestS005_a_page_can_be_continued_by_another_client(t *testing.T) {
	defer caught(t)
	t.Parallel()
	prefix := several(t, "-a", "-b", "-c")
	first := must(service.NewListQueuesPager(&azqueue.ListQueuesOptions{Prefix: &prefix, MaxResults: ptr(int32(2))}).NextPage(ctx))(t)
	another := must(azqueue.NewServiceClientWithSharedKeyCredential(endpoint, credential(t), options()))(t)
	equal(t, list(t, another, azqueue.ListQueuesOptions{Prefix: &prefix, Marker: first.NextMarker}), [][]string{{prefix + "-c"}})
}

func TestS006_a_marker_that_is_none_is_refused(t *testing.T) {
	defer caught(t)
	t.Parallel()
	err := failure(service.NewListQueuesPager(&azqueue.ListQueuesOptions{Marker: ptr("garbage")}).NextPage(ctx))
	refusedWith(t, err, "OutOfRangeInput", "One of the request inputs is out of range.")
}

func TestS007_a_page_of_no_queues_is_refused(t *testing.T) {
	defer caught(t)
	t.Parallel()
	for _, size := range []int32{0, -1} {
		err := failure(service.NewListQueuesPager(&azqueue.ListQueuesOptions{MaxResults: &size}).NextPage(ctx))
		refused(t, err, "OutOfRangeQueryParameterValue")
	}
}

func TestS008_a_deleted_queue_is_listed_no_more(t *testing.T) {
	defer caught(t)
	t.Parallel()
	name := newName()
	queue := create(t, name, nil)
	equal(t, list(t, service, azqueue.ListQueuesOptions{Prefix: &name}), [][]string{{name}})
	must(queue.Delete(ctx, nil))(t)
	equal(t, list(t, service, azqueue.ListQueuesOptions{Prefix: &name}), [][]string{{}})
}

// sharedProperties keeps other tests from the properties, and puts back in the end what is there now.
func sharedProperties(t *testing.T) azqueue.SetPropertiesOptions {
	t.Helper()
	properties.Lock()
	t.Cleanup(properties.Unlock)
	before := must(service.GetServiceProperties(ctx, nil))(t)
	stored := azqueue.SetPropertiesOptions{
		Logging: before.Logging, HourMetrics: before.HourMetrics, MinuteMetrics: before.MinuteMetrics, CORS: before.CORS,
	}
	t.Cleanup(func() {
		if len(stored.CORS) == 0 {
			stored.CORS = nil
			must(service.SetProperties(changed(body(noRules)), nil))(t)
		}
		must(service.SetProperties(ctx, &stored))(t)
	})
	return stored
}

// noRules is what the SDK does not write: of an empty list it leaves the element out.
const noRules = `<StorageServiceProperties><Cors /></StorageServiceProperties>`

func rule(origin string) *azqueue.CORSRule {
	return &azqueue.CORSRule{
		AllowedOrigins: &origin, AllowedMethods: ptr("GET,PUT"), AllowedHeaders: ptr("x-ms-meta-*"),
		ExposedHeaders: ptr("x-ms-*"), MaxAgeInSeconds: ptr(int32(300)),
	}
}

func rules(count int) (rules []*azqueue.CORSRule) {
	for i := range count {
		rules = append(rules, rule(fmt.Sprintf("https://shop%d.example", i)))
	}
	return rules
}

func setRules(t *testing.T, rules []*azqueue.CORSRule) error {
	t.Helper()
	return failure(service.SetProperties(ctx, &azqueue.SetPropertiesOptions{CORS: rules}))
}

// haveRules waits for the rules: in the cloud they take up to half a minute.
func haveRules(t *testing.T, want []*azqueue.CORSRule) {
	t.Helper()
	until(t, fmt.Sprintf("%d rules", len(want)), func() bool {
		return len(must(service.GetServiceProperties(ctx, nil))(t).CORS) == len(want)
	})
	for i, got := range must(service.GetServiceProperties(ctx, nil))(t).CORS {
		equal(t, got, want[i])
	}
}

func retention(days int32) *azqueue.RetentionPolicy {
	return &azqueue.RetentionPolicy{Enabled: ptr(true), Days: &days}
}

func logging(days int32) *azqueue.Logging {
	return &azqueue.Logging{
		Version: ptr("1.0"), Read: ptr(true), Write: ptr(false), Delete: ptr(true), RetentionPolicy: retention(days),
	}
}

func metrics(apis bool, days int32) *azqueue.Metrics {
	return &azqueue.Metrics{Version: ptr("1.0"), Enabled: ptr(true), IncludeAPIs: &apis, RetentionPolicy: retention(days)}
}

func TestS009_service_properties_are_read(t *testing.T) {
	defer caught(t)
	t.Parallel()
	sharedProperties(t)
	var answer *http.Response
	got := must(service.GetServiceProperties(answering(ctx, &answer), nil))(t)
	for _, part := range []any{
		got.Logging.Read, got.Logging.RetentionPolicy.Enabled, got.HourMetrics.Enabled, got.MinuteMetrics.Enabled,
	} {
		equal(t, reflect.ValueOf(part).IsNil(), false)
	}
	// To the SDK an empty list of rules looks like none at all.
	equal(t, strings.Contains(bodyOf(t, answer), "<Cors"), true)
}

func TestS010_service_properties_are_kept(t *testing.T) {
	defer caught(t)
	t.Parallel()
	sharedProperties(t)
	must(service.SetProperties(ctx, &azqueue.SetPropertiesOptions{
		Logging: logging(7), HourMetrics: metrics(true, 7), MinuteMetrics: metrics(false, 3),
	}))(t)
	until(t, "the new logging", func() bool {
		days := must(service.GetServiceProperties(ctx, nil))(t).Logging.RetentionPolicy.Days
		return days != nil && *days == 7
	})
	got := must(service.GetServiceProperties(ctx, nil))(t)
	equal(t, got.Logging, logging(7))
	equal(t, got.HourMetrics, metrics(true, 7))
	equal(t, got.MinuteMetrics, metrics(false, 3))
}

func TestS011_cors_rules_are_kept(t *testing.T) {
	defer caught(t)
	t.Parallel()
	sharedProperties(t)
	two := []*azqueue.CORSRule{rule("https://b.example"), {
		AllowedOrigins: ptr("https://a.example,https://c.example"), AllowedMethods: ptr("DELETE"),
		AllowedHeaders: ptr("content-type,x-ms-meta-a*"), ExposedHeaders: ptr("x-ms-request-id"), MaxAgeInSeconds: ptr(int32(0)),
	}}
	must(service.SetProperties(ctx, &azqueue.SetPropertiesOptions{CORS: two}))(t)
	haveRules(t, two)
}

func TestS012_five_cors_rules_are_the_most(t *testing.T) {
	defer caught(t)
	t.Parallel()
	sharedProperties(t)
	must(service.SetProperties(ctx, &azqueue.SetPropertiesOptions{CORS: rules(5)}))(t)
	refused(t, setRules(t, rules(6)), "InvalidXmlDocument")
	haveRules(t, rules(5))
}

func TestS013_no_cors_rules_remove_them_all(t *testing.T) {
	defer caught(t)
	t.Parallel()
	sharedProperties(t)
	must(service.SetProperties(ctx, &azqueue.SetPropertiesOptions{CORS: rules(1)}))(t)
	haveRules(t, rules(1))
	must(service.SetProperties(changed(body(noRules)), nil))(t)
	haveRules(t, nil)
}

func TestS014_a_retention_of_366_days_is_refused(t *testing.T) {
	defer caught(t)
	t.Parallel()
	sharedProperties(t)
	err := failure(service.SetProperties(ctx, &azqueue.SetPropertiesOptions{Logging: logging(366)}))
	refused(t, err, "InvalidXmlDocument")
}

func TestS015_properties_that_are_left_out_keep_their_value(t *testing.T) {
	defer caught(t)
	t.Parallel()
	sharedProperties(t)
	must(service.SetProperties(ctx, &azqueue.SetPropertiesOptions{
		Logging: logging(7), HourMetrics: metrics(true, 7), MinuteMetrics: metrics(false, 3), CORS: rules(1),
	}))(t)
	must(service.SetProperties(ctx, &azqueue.SetPropertiesOptions{CORS: rules(2)}))(t)
	haveRules(t, rules(2))
	got := must(service.GetServiceProperties(ctx, nil))(t)
	equal(t, got.Logging, logging(7))
	equal(t, got.HourMetrics, metrics(true, 7))
	equal(t, got.MinuteMetrics, metrics(false, 3))

	must(service.SetProperties(ctx, &azqueue.SetPropertiesOptions{Logging: logging(5)}))(t)
	until(t, "the new logging", func() bool {
		return *must(service.GetServiceProperties(ctx, nil))(t).Logging.RetentionPolicy.Days == 5
	})
	haveRules(t, rules(2))
	equal(t, must(service.GetServiceProperties(ctx, nil))(t).HourMetrics, metrics(true, 7))
}

func TestS016_the_secondary_tells_how_far_it_is(t *testing.T) {
	defer caught(t)
	t.Parallel()
	stats := must(secondaryService(t).GetStatistics(ctx, nil))(t)
	equal(t, *stats.GeoReplication.Status, azqueue.GeoReplicationStatusLive)
	if synced := stats.GeoReplication.LastSyncTime; synced == nil || time.Since(*synced) > 24*time.Hour {
		t.Fatalf("last sync at %v", synced)
	}
}

func TestS017_the_primary_tells_no_statistics(t *testing.T) {
	defer caught(t)
	t.Parallel()
	refused(t, failure(service.GetStatistics(ctx, nil)), "InvalidQueryParameterValue")
}
