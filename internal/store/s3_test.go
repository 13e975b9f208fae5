package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/store/storetest"
	"github.com/gomove/gomove/internal/testdb"
)

// s3Place starts an S3 server for a test and returns the URI of a bucket.
func s3Place(t *testing.T, real bool) string {
	t.Helper()
	if real {
		s := testdb.StartS3(t)
		s.Setenv(t)
		return "s3://" + s.Bucket
	}
	backend := s3mem.New()
	if err := backend.CreateBucket("dumps"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	(&testdb.S3Server{Endpoint: server.URL, AccessKey: "a", SecretKey: "b", Region: "us-east-1"}).Setenv(t)
	return "s3://dumps"
}

func openS3(t *testing.T, uri string, o store.S3Options) *store.S3 {
	t.Helper()
	s, err := store.NewS3(t.Context(), uri, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var s3Servers = map[string]bool{"gofakes3": false, "versitygw": true}

func TestS3Conforms(t *testing.T) {
	for name, real := range s3Servers {
		t.Run(name, func(t *testing.T) {
			uri := s3Place(t, real)
			var n atomic.Int64
			storetest.Run(t, func(t *testing.T) func() store.Store {
				place := uri + "/a/dump" + string(rune('a'+n.Add(1)))
				return func() store.Store { return openS3(t, place, store.S3Options{}) }
			})
		})
	}
}

// TestS3LargeObject sends more than one part and reads it back.
func TestS3LargeObject(t *testing.T) {
	for name, real := range s3Servers {
		t.Run(name, func(t *testing.T) {
			s := openS3(t, s3Place(t, real)+"/big", store.S3Options{PartBytes: 5 << 20})
			random := rand.NewChaCha8([32]byte{1})
			want := sha256.New()
			f, err := s.Create(t.Context(), "a.csv")
			if err != nil {
				t.Fatal(err)
			}
			block := make([]byte, 100_001)
			const blocks = 230
			for range blocks {
				_, _ = random.Read(block)
				_, _ = want.Write(block)
				if _, err := f.Write(block); err != nil {
					t.Fatal(err)
				}
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			info, err := s.Stat(t.Context(), "a.csv")
			if err != nil || info.Bytes != int64(blocks*len(block)) {
				t.Errorf("Stat: %v, %v", info, err)
			}
			r, err := s.Open(t.Context(), "a.csv")
			if err != nil {
				t.Fatal(err)
			}
			got := sha256.New()
			if _, err := io.Copy(got, r); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
				t.Error("the object that was read is not the one that was written")
			}
		})
	}
}

// TestS3AbortLeavesNoParts throws away an upload in parts; a killed one is swept.
func TestS3AbortLeavesNoParts(t *testing.T) {
	for name, real := range s3Servers {
		t.Run(name, func(t *testing.T) {
			s := openS3(t, s3Place(t, real)+"/abort", store.S3Options{PartBytes: 5 << 20})
			f, err := s.Create(t.Context(), "a.csv")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(make([]byte, 12<<20)); err != nil {
				t.Fatal(err)
			}
			f.Abort()
			if n, err := s.Sweep(t.Context()); n != 0 || err != nil {
				t.Errorf("after Abort: %d uploads were left, %v", n, err)
			}
			if _, err := s.Open(t.Context(), "a.csv"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Open: %v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			f, err = s.Create(ctx, "b.csv")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(make([]byte, 12<<20)); err != nil {
				t.Fatal(err)
			}
			cancel()
			if err := f.Close(); err == nil {
				t.Error("Close after the context's end: no error")
			}
			if err := s.CheckEmpty(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestS3CreateNew(t *testing.T) {
	for name, real := range s3Servers {
		t.Run(name, func(t *testing.T) {
			s := openS3(t, s3Place(t, real)+"/only", store.S3Options{})
			first, err := s.CreateNew(t.Context(), "metadata")
			if err != nil {
				t.Fatal(err)
			}
			second, err := s.CreateNew(t.Context(), "metadata")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(first, "first")
			_, _ = io.WriteString(second, "second")
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			if err := second.Close(); !errors.Is(err, fs.ErrExist) {
				t.Errorf("second: got %v, want fs.ErrExist", err)
			}
			if err := s.CheckEmpty(t.Context()); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("CheckEmpty: got %v, want ErrNotEmpty", err)
			}
		})
	}
}

// TestS3BrokenDownload reads through a proxy that cuts every connection after some bytes.
func TestS3BrokenDownload(t *testing.T) {
	server := testdb.StartS3(t)
	server.Setenv(t)
	text := make([]byte, 9<<20)
	_, _ = rand.NewChaCha8([32]byte{2}).Read(text)
	s := openS3(t, "s3://"+server.Bucket+"/broken", store.S3Options{})
	f, err := s.Create(t.Context(), "a.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write(text)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://"+cuttingProxy(t, server.Address, 2<<20))
	cut := openS3(t, "s3://"+server.Bucket+"/broken", store.S3Options{Stall: 2 * time.Second})
	r, err := cut.Open(t.Context(), "a.csv")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, text) {
		t.Errorf("read %d bytes, which are not the %d that were written", len(got), len(text))
	}
}

func TestS3Errors(t *testing.T) {
	server := testdb.StartS3(t)
	server.Setenv(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	for name, c := range map[string]struct {
		uri, secret string
		o           store.S3Options
		want        string
	}{
		"no bucket":       {uri: "s3://nothing/x", want: "NoSuchBucket"},
		"wrong secret":    {uri: "s3://" + server.Bucket + "/x", secret: "wrong", want: "secret key does not belong"},
		"bad bucket":      {uri: "s3://a b/x", want: "want s3://bucket/prefix"},
		"dots":            {uri: "s3://" + server.Bucket + "/a/../x", want: `the part ".."`},
		"no scheme":       {uri: "bucket/x", want: "want s3://bucket/prefix"},
		"tiny parts":      {uri: "s3://" + server.Bucket, o: store.S3Options{PartBytes: 100}, want: "wants at least"},
		"unknown profile": {uri: "s3://" + server.Bucket, o: store.S3Options{Profile: "nobody"}, want: "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.secret != "" {
				t.Setenv("AWS_SECRET_ACCESS_KEY", c.secret)
			}
			_, err := store.NewS3(t.Context(), c.uri, c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), server.SecretKey) {
				t.Errorf("the secret key stands in %v", err)
			}
		})
	}
}

// TestS3Unsigned looks at what goes to a server on this machine: the CRC32 guards a payload, and nobody computes its SHA-256.
func TestS3Unsigned(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("dumps"); err != nil {
		t.Fatal(err)
	}
	fake := gofakes3.New(backend).Server()
	var bodies atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			bodies.Add(1)
			if got := r.Header.Get("X-Amz-Content-Sha256"); got != "UNSIGNED-PAYLOAD" || r.Header.Get("X-Amz-Checksum-Crc32") == "" {
				t.Errorf("%s: SHA-256 %q, CRC32 %q", r.URL, got, r.Header.Get("X-Amz-Checksum-Crc32"))
			}
		}
		fake.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	(&testdb.S3Server{Endpoint: server.URL, AccessKey: "a", SecretKey: "b", Region: "us-east-1"}).Setenv(t)
	s := openS3(t, "s3://dumps", store.S3Options{PartBytes: 5 << 20})
	for _, size := range []int{10, 11 << 20} {
		writeObject(t, s, "a.csv", make([]byte, size))
	}
	if bodies.Load() != 4 {
		t.Errorf("%d bodies were sent, want one object and three parts", bodies.Load())
	}
}

func writeObject(t *testing.T, s *store.S3, name string, text []byte) {
	t.Helper()
	f, err := s.Create(t.Context(), name)
	if err != nil {
		t.Error(err)
		return
	}
	for block := range slices.Chunk(text, 100_003) {
		if _, err := f.Write(block); err != nil {
			t.Error(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestS3ManyObjects writes objects of many sizes at once, whose buffers are used again, and reads each back.
func TestS3ManyObjects(t *testing.T) {
	s := openS3(t, s3Place(t, true)+"/many", store.S3Options{PartBytes: 5 << 20})
	random := make([]byte, 12<<20)
	_, _ = rand.NewChaCha8([32]byte{3}).Read(random)
	sizes := []int{0, 1, 200_000, 300_000, 1 << 20, 3<<20 + 7, 5 << 20, 5<<20 + 1, 6 << 20, 7<<20 + 3}
	var wg sync.WaitGroup
	for thread := range 6 {
		wg.Go(func() {
			for i, size := range sizes {
				name := fmt.Sprintf("%d.%d", thread, i)
				text := random[thread*1000+i : thread*1000+i+size]
				writeObject(t, s, name, text)
				r, err := s.Open(t.Context(), name)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(r)
				if err = errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, text) {
					t.Errorf("%s: %d bytes, which are not the %d that were written: %v", name, len(got), len(text), err)
				}
			}
		})
	}
	wg.Wait()
}
