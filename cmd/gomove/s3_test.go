package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// onS3 runs gomove in an environment that has the keys of an S3 server.
func onS3(t *testing.T, s3 *testdb.S3Server, code int, args ...string) result {
	t.Helper()
	r := startChanged(t, func(c *exec.Cmd) { c.Env = append(c.Env, s3.Env()...) }, args...).wait(t)
	if r.code != code {
		t.Fatalf("gomove %q: exit %d, want %d\nstdout: %s\nstderr: %s", args, r.code, code, r.stdout, r.stderr)
	}
	return r
}

// TestDumpOnS3 dumps to a real S3 server, looks at it, loads it and compares, without a directory on the way.
func TestDumpOnS3(t *testing.T) {
	s3 := testdb.StartS3(t)
	source, target := testdb.Start(t, testdb.MariaDB), testdb.Start(t, testdb.MySQL97)
	schema := source.Schema(t)
	if err := testdb.LoadShop(t.Context(), source.DB(t), schema, 20_000); err != nil {
		t.Fatal(err)
	}
	target.Exec(t, "DROP DATABASE IF EXISTS "+schema)
	t.Cleanup(func() { target.Exec(t, "DROP DATABASE IF EXISTS "+schema) })
	place := "s3://" + s3.Bucket + "/moves/first"

	made := jsonSummary(t, onS3(t, s3, 0, dumpArgs(source, place, "-B", schema, "--chunk-size", "1MiB", "-t", "2", "--summary", "json")...))
	if got := made["place"]; got != place {
		t.Errorf("place %v, want %s", got, place)
	}
	names, err := os.ReadDir(filepath.Join(s3.Dir, "moves", "first"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if n.IsDir() || n.Name() == "metadata.partial" || n.Name() == "resume.jsonl" {
			t.Errorf("%s is left in the prefix of a whole dump", n.Name())
		}
	}
	onS3(t, s3, 0, "inspect", place, "--deep", "--progress", "none")
	onS3(t, s3, 0, loadArgs(target, place)...)
	want, err := testdb.TableSums(t.Context(), source.DB(t), schema)
	if err != nil {
		t.Fatal(err)
	}
	got, err := testdb.TableSums(t.Context(), target.DB(t), schema)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	onS3(t, s3, 0, "verify", "-d", place, "--target", uriOf(target), "--progress", "none")

	again := onS3(t, s3, 1, dumpArgs(source, place, "-B", schema)...)
	if !strings.Contains(again.stderr, "not empty") {
		t.Errorf("a second dump into the prefix: %s", again.stderr)
	}
	chunk, err := filepath.Glob(filepath.Join(s3.Dir, "moves", "first", "*.csv.zst"))
	if err != nil || len(chunk) == 0 {
		t.Fatalf("no chunk files: %v", err)
	}
	text, err := os.ReadFile(chunk[0])
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(chunk[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	found := onS3(t, s3, exitDiffers, "inspect", place, "--progress", "none")
	if !strings.Contains(found.stdout+found.stderr, filepath.Base(chunk[0])) {
		t.Errorf("inspect of a flipped bit: %s%s", found.stdout, found.stderr)
	}
}

// TestS3Faults dumps, stages and loads through a proxy that cuts, stalls and answers 500 and 503: what comes out is exact.
func TestS3Faults(t *testing.T) {
	s3 := testdb.StartS3(t)
	source, target := testdb.Start(t, testdb.MariaDB), testdb.Start(t, testdb.MySQL56)
	schema := source.Schema(t)
	if err := testdb.LoadShop(t.Context(), source.DB(t), schema, 3_000); err != nil {
		t.Fatal(err)
	}
	target.Exec(t, "DROP DATABASE IF EXISTS "+schema)
	t.Cleanup(func() { target.Exec(t, "DROP DATABASE IF EXISTS "+schema) })
	all := []testdb.S3Fault{testdb.S3Cut, testdb.S3Internal, testdb.S3CutBody, testdb.S3SlowDown, testdb.S3Stall}
	faults, err := testdb.NewS3Faults(t.Context(), s3, 6, 200*time.Millisecond, all...)
	if err != nil {
		t.Fatal(err)
	}
	defer faults.Close()
	through := *s3
	through.Endpoint = faults.URL
	place, staged := "s3://"+s3.Bucket+"/faults/a", "s3://"+s3.Bucket+"/faults/b"
	onS3(t, &through, 0, dumpArgs(source, place, "-B", schema, "--chunk-size", "64KiB", "-t", "4")...)
	onS3(t, s3, 0, "verify", "-d", place, "--target", uriOf(source), "--progress", "none")
	onS3(t, &through, 0, "stage", place, staged, "-t", "4", "--progress", "none")
	onS3(t, s3, 0, "inspect", staged, "--deep", "--progress", "none")
	onS3(t, &through, 0, loadArgs(target, staged, "-t", "4")...)
	onS3(t, s3, 0, "verify", "-d", place, "--target", uriOf(target), "--progress", "none")
	for _, f := range all {
		if faults.Happened()[f] == 0 {
			t.Errorf("%s never happened", f)
		}
	}
}

// TestS3GivenUp has S3 refuse everything: the error says what, and what to do.
func TestS3GivenUp(t *testing.T) {
	s3 := testdb.StartS3(t)
	source := testdb.Start(t, testdb.MariaDB)
	schema := source.Schema(t)
	source.Exec(t, "CREATE TABLE "+schema+".a(i INT PRIMARY KEY)")
	faults, err := testdb.NewS3Faults(t.Context(), s3, 1, 0, testdb.S3SlowDown)
	if err != nil {
		t.Fatal(err)
	}
	defer faults.Close()
	r := startChanged(t, func(c *exec.Cmd) {
		c.Env = append(append(c.Env, s3.Env()...), "AWS_ENDPOINT_URL_S3="+faults.URL, "AWS_MAX_ATTEMPTS=2")
	}, dumpArgs(source, "s3://"+s3.Bucket+"/up", "-B", schema)...).wait(t)
	if r.code != 1 || !strings.Contains(r.stderr, "SlowDown") || !strings.Contains(r.stderr, "fewer threads") || faults.Happened()[testdb.S3SlowDown] != 2 {
		t.Errorf("exit %d after %v: %s", r.code, faults.Happened(), r.stderr)
	}
}

// TestForeignOnS3 loads a directory of mydumper and a file of rows from a bucket.
func TestForeignOnS3(t *testing.T) {
	s3 := testdb.StartS3(t)
	target := testdb.Start(t, testdb.MariaDB)
	schema := target.Schema(t)
	dir := filepath.Join(s3.Dir, "foreign")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"metadata":                    "Started dump at: 2026-01-02 03:04:05\n\nFinished dump at: 2026-01-02 03:04:06\n",
		schema + "-schema-create.sql": "CREATE DATABASE `" + schema + "`;\n",
		schema + ".t-schema.sql":      "CREATE TABLE `t` (`id` int, `s` varchar(9));\n",
		schema + ".t.sql":             "INSERT INTO `t` VALUES\n(1,\"a\"),\n(2,\"b\");\n",
		"rows.tsv":                    "3\tc\n4\td\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	place := "s3://" + s3.Bucket + "/foreign"
	onS3(t, s3, 0, loadArgs(target, place)...)
	onS3(t, s3, 0, loadArgs(target, place, "--csv-table", schema+".t=*.tsv", "--fields-terminated-by", `\t`, "--if-exists", "skip")...)
	if diff := cmp.Diff([][]string{{"1", "a"}, {"2", "b"}, {"3", "c"}, {"4", "d"}}, target.Query(t, "SELECT * FROM "+schema+".t ORDER BY id")); diff != "" {
		t.Error(diff)
	}
}

func TestS3Refusals(t *testing.T) {
	s3 := testdb.StartS3(t)
	source := testdb.Start(t, testdb.MariaDB)
	schema := source.Schema(t)
	source.Exec(t, "CREATE TABLE "+schema+".a(i INT PRIMARY KEY)")
	r := onS3(t, s3, 1, dumpArgs(source, "s3://nothing/x", "-B", schema)...)
	if !strings.Contains(r.stderr, "no such bucket") {
		t.Errorf("no bucket: %s", r.stderr)
	}
	r = onS3(t, s3, 1, loadArgs(source, "s3://"+s3.Bucket+"/empty")...)
	if !strings.Contains(r.stderr, "neither metadata nor gomove.json") {
		t.Errorf("no dump: %s", r.stderr)
	}
	other := *s3
	other.SecretKey = "another"
	r = onS3(t, &other, 1, dumpArgs(source, "s3://"+s3.Bucket+"/x", "-B", schema)...)
	if !strings.Contains(r.stderr, "secret key does not belong") || strings.Contains(r.stderr, s3.SecretKey) {
		t.Errorf("wrong key: %s", r.stderr)
	}
	r = onS3(t, s3, 1, dumpArgs(source, "s3://"+s3.Bucket+"/x", "-B", schema, "--s3-endpoint", "http://127.0.0.1:1")...)
	if !strings.Contains(r.stderr, "no answer from the S3 server: dial tcp") || strings.Contains(r.stderr, "hint:") {
		t.Errorf("nobody at the endpoint: %s", r.stderr)
	}
}
