package testdb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// s3GatewayVersion is the versitygw that setup.sh installs.
const s3GatewayVersion = "v1.8.0"

// S3Server is a real S3 server over a folder, with one bucket.
type S3Server struct {
	Endpoint             string // URL
	Address              string // host:port
	AccessKey, SecretKey string
	Region               string
	Bucket               string
	Dir                  string // of the bucket: objects are files here

	place *place
	pr    *process
}

// S3Installed reports whether StartS3 can.
func S3Installed() bool { _, err := s3Gateway(); return err == nil }

func s3Gateway() (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, "tools", s3GatewayVersion, "versitygw")
	return path, mustExist(path)
}

// StartS3 starts an S3 server that ends with the test; it skips the test, loudly, when versitygw is not installed (see Require).
func StartS3(t testing.TB) *S3Server {
	t.Helper()
	if _, err := s3Gateway(); err != nil {
		if os.Getenv("GOMOVE_REQUIRE_SERVERS") == "1" || os.Getenv("CI") == "true" {
			t.Fatalf("versitygw is REQUIRED here but not installed: run `make setup` (%v)", err)
		}
		t.Skipf("SKIPPED, NOT TESTED: versitygw is not installed: run `make setup` (%v)", err)
	}
	s, err := LaunchS3(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// LaunchS3 starts an S3 server for a program, which calls Remove at the end.
func LaunchS3(ctx context.Context) (*S3Server, error) {
	path, err := s3Gateway()
	if err != nil {
		return nil, err
	}
	p, err := newPlace("s3")
	if err != nil {
		return nil, err
	}
	s := &S3Server{AccessKey: "gomove-test", SecretKey: "gomove-test-secret", Region: "us-east-1", Bucket: "dumps", place: p}
	s.Dir = filepath.Join(p.dir, "data", s.Bucket)
	if err := s.start(ctx, path); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

func (s *S3Server) start(ctx context.Context, path string) error {
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	s.Address = fmt.Sprintf("127.0.0.1:%d", port)
	s.Endpoint = "http://" + s.Address
	side := filepath.Join(s.place.dir, "meta") // tmpfs has no user attributes before Linux 6.6
	for _, dir := range []string{s.Dir, side} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	gateway := program{argv: []string{path}, env: []string{"ROOT_ACCESS_KEY=" + s.AccessKey, "ROOT_SECRET_KEY=" + s.SecretKey}}
	args := []string{"--quiet", "--region", s.Region, "--port", s.Address, "posix", "--sidecar", side, filepath.Dir(s.Dir)}
	log := filepath.Join(s.place.dir, "log")
	if s.pr, err = startProcess(gateway, args, log); err != nil {
		return err
	}
	return s.wait(ctx, log)
}

// wait returns when the server answers.
func (s *S3Server) wait(ctx context.Context, log string) error {
	const limit = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint, nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			return res.Body.Close()
		}
		select {
		case <-s.pr.done:
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
			continue
		}
		text, _ := os.ReadFile(log)
		return fmt.Errorf("versitygw did not start: %s", text)
	}
}

// Env is how gomove and other AWS tools are told of the server.
func (s *S3Server) Env() []string {
	return []string{
		"AWS_ACCESS_KEY_ID=" + s.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s.SecretKey, "AWS_REGION=" + s.Region,
		"AWS_ENDPOINT_URL_S3=" + s.Endpoint, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}
}

// Setenv puts Env into the test's environment.
func (s *S3Server) Setenv(t *testing.T) {
	t.Helper()
	for _, kv := range s.Env() {
		name, value, _ := strings.Cut(kv, "=")
		t.Setenv(name, value)
	}
}

// Remove stops the server and removes its folder.
func (s *S3Server) Remove() error {
	if s.place == nil {
		return nil
	}
	if s.pr != nil {
		s.pr.kill()
	}
	err := s.place.remove()
	s.place = nil
	return err
}
