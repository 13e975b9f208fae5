package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/gomove/gomove/internal/testdb"
)

// bucket is an S3 server for dumps, with the proxy before it. Its objects are files.
type bucket struct {
	server *testdb.S3Server
	proxy  *testdb.FaultProxy
}

func startBucket(ctx context.Context) (*bucket, error) {
	s, err := testdb.LaunchS3(ctx)
	if err != nil {
		return nil, err
	}
	b := &bucket{server: s}
	if b.proxy, err = testdb.NewFaultProxy(ctx, s.Address); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return b, nil
}

func (b *bucket) stop() error {
	if b == nil {
		return nil
	}
	return errors.Join(b.proxy.Close(), b.server.Remove())
}

// env is how gomove reaches the bucket: through the proxy.
func (b *bucket) env() []string {
	if b == nil {
		return nil
	}
	through := *b.server
	through.Endpoint = (&url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", b.proxy.Port())}).String()
	return through.Env()
}

// room is where the files of a dump are. Each has a place of its own: a bucket remembers what was removed behind its back.
func (t *torture) room(name string) string {
	if t.bucket == nil {
		return filepath.Join(t.dir, name)
	}
	return filepath.Join(t.bucket.server.Dir, fmt.Sprintf("%s-%d", name, t.nextRoom()))
}

func (t *torture) nextRoom() int {
	t.rooms++
	return t.rooms
}

// place is how gomove calls the room of a dump.
func (t *torture) place(room string) string {
	if t.bucket == nil {
		return room
	}
	return "s3://" + t.bucket.server.Bucket + "/" + filepath.Base(room)
}
