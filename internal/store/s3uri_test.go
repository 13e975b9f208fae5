package store_test

import (
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/store"
)

func TestParseS3Bucket(t *testing.T) {
	for bucket, good := range map[string]bool{
		"": false, "a": false, "ab": true, "0-a.b_C": true, "Z9": true, "-ab": false, ".ab": false, "a b": false, "aé": false, "a:b": false,
		"a" + strings.Repeat("-", 254): true, "a" + strings.Repeat("-", 255): false,
	} {
		got, _, err := store.ParseS3("s3://" + bucket + "/prefix")
		if (err == nil) != good || good && got != bucket {
			t.Errorf("%q: bucket %q, %v", bucket, got, err)
		}
	}
}
