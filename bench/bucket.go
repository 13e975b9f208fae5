package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomove/gomove/internal/testdb"
)

// The jobs on S3 are held against the same work on a directory, both compressed as a dump is by default. {s3} is the place, {s3env} what goes before a command.
const (
	gomoveDumpS3 = "{s3env} {gomove} dump" + connect + "-B {schema} -t {threads} --progress none -o {s3}"
	gomoveLoadS3 = "{s3env} {gomove} load" + connect + "-d {s3} -t {threads} --progress none --skip-binlog"
)

// bucket is the S3 server of a host, started for the first job that needs it.
func (h *host) bucket(ctx context.Context) (*testdb.S3Server, error) {
	if h.s3 != nil {
		return h.s3, nil
	}
	if !testdb.S3Installed() {
		return nil, fmt.Errorf("versitygw is not installed (`make setup`)")
	}
	var err error
	h.s3, err = testdb.LaunchS3(ctx)
	return h.s3, err
}

// stopBucket ends the S3 server.
func (h *host) stopBucket() error {
	if h.s3 == nil {
		return nil
	}
	return h.s3.Remove()
}

// inBucket expands the placeholders of S3.
func (h *host) inBucket(command string) string {
	if h.s3 == nil {
		return command
	}
	return strings.NewReplacer("{s3}", "s3://"+h.s3.Bucket+"/"+h.prefix(), "{s3env}", "env "+shellWords(h.s3.Env())).Replace(command)
}

func (h *host) prefix() string { return fmt.Sprintf("out%d", h.prefixes) }

// emptyBucket makes room for a dump. It has a new prefix, as the server remembers objects whose files were removed behind its back.
func (h *host) emptyBucket() error {
	err := os.RemoveAll(filepath.Join(h.s3.Dir, h.prefix()))
	h.prefixes++
	return err
}

// bucketDumps are a dump to S3 and one to a directory.
func (h *host) bucketDumps(ctx context.Context, s *set) ([]*contender, error) {
	if _, err := h.bucket(ctx); err != nil {
		return nil, err
	}
	return []*contender{
		{name: "gomove to S3", role: subject, command: gomoveDumpS3, set: s, bucket: true},
		{name: "gomove to a directory", role: base, command: gomoveDumpZstd, set: s},
	}, nil
}

// bucketLoads are a load from S3 and one from a directory, of the same rows.
func (h *host) bucketLoads(ctx context.Context, s *set, work string) ([]*contender, error) {
	if _, err := h.bucket(ctx); err != nil {
		return nil, err
	}
	if err := h.emptyBucket(); err != nil {
		return nil, err
	}
	if _, err := measure(ctx, h.dir, h.expand(&contender{command: gomoveDumpS3, set: s})); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	dir := filepath.Join(work, "zstd")
	if err := h.prepare(ctx, &contender{command: gomoveDumpZstd, set: s}, dir); err != nil {
		return nil, err
	}
	return []*contender{
		{name: "gomove from S3", role: subject, command: gomoveLoadS3, set: s, loads: true},
		{name: "gomove from a directory", role: base, command: gomoveLoad, set: s, in: dir, loads: true},
	}, nil
}
