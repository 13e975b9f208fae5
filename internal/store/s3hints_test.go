package store_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/testdb"
)

// TestS3Hints answers as S3 does when it refuses, which no server at hand does in these ways.
func TestS3Hints(t *testing.T) {
	for code, c := range map[string]struct {
		status int
		region string // of the bucket, as the answer tells it
		want   string
	}{
		"AccessDenied":         {status: 403, want: "the policy needs s3:ListBucket"},
		"ExpiredToken":         {status: 400, want: "log in again"},
		"RequestTimeTooSkewed": {status: 403, want: "clock of this machine"},
		"InvalidAccessKeyId":   {status: 403, want: "the access key is not known"},
		"PermanentRedirect":    {status: 301, region: "eu-central-1", want: "use --s3-region eu-central-1"},
	} {
		t.Run(code, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.region != "" {
					w.Header().Set("X-Amz-Bucket-Region", c.region)
				}
				w.WriteHeader(c.status)
				_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>told by the server</Message></Error>", code)
			}))
			defer server.Close()
			(&testdb.S3Server{Endpoint: server.URL, AccessKey: "a", SecretKey: "b", Region: "us-east-1"}).Setenv(t)
			_, err := store.NewS3(t.Context(), "s3://dumps/x", store.S3Options{Region: "us-east-1"})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "s3://dumps/x") {
				t.Errorf("got %v, want %q and the place", err, c.want)
			}
		})
	}
}

// TestS3NoCredentials has none anywhere.
func TestS3NoCredentials(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	_, err := store.NewS3(t.Context(), "s3://dumps/x", store.S3Options{Region: "us-east-1"})
	if err == nil || !strings.Contains(err.Error(), "no AWS credentials were found: use --s3-profile") {
		t.Errorf("got %v", err)
	}
}
