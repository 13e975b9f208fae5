package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// checkManifests holds the manifests of a dump on S3 against Aurora's schema for them, and against the chunks that are there.
func checkManifests(t *testing.T, s3 *testdb.S3Server, prefix string) {
	t.Helper()
	dir := filepath.Join(s3.Dir, filepath.FromSlash(prefix))
	chunks, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(chunks) < 4 {
		t.Fatalf("%d chunks: %v", len(chunks), err)
	}
	want := map[string]bool{}
	for _, c := range chunks {
		want["s3-"+s3.Region+"://"+s3.Bucket+"/"+prefix+"/"+filepath.Base(c)] = true
	}
	manifests, err := filepath.Glob(filepath.Join(dir, "*.manifest"))
	if err != nil || len(manifests) < 2 {
		t.Fatalf("%d manifests: %v", len(manifests), err)
	}
	for _, m := range manifests {
		text, err := os.ReadFile(m)
		if err != nil {
			t.Fatal(err)
		}
		var one struct {
			Entries []map[string]any `json:"entries"`
		}
		if err := json.Unmarshal(text, &one); err != nil || len(one.Entries) == 0 {
			t.Fatalf("%s: %v\n%s", m, err, text)
		}
		of := strings.TrimSuffix(filepath.Base(m), "manifest")
		for _, e := range one.Entries {
			url, _ := e["url"].(string)
			if len(e) != 2 || e["mandatory"] != true || !want[url] || !strings.HasPrefix(url[strings.LastIndexByte(url, '/')+1:], of) {
				t.Errorf("%s: entry %v", m, e)
			}
			delete(want, url)
		}
	}
	if len(want) > 0 {
		t.Errorf("chunks in no manifest: %v", want)
	}
	others, err := filepath.Glob(filepath.Join(dir, "*.csv.*"))
	if err != nil || len(others) > 0 {
		t.Errorf("compressed chunks: %v, %v", others, err)
	}
}

// TestStage takes dumps in a directory to S3, in each form that they have, and compares what is loaded from there.
func TestStage(t *testing.T) {
	s3 := testdb.StartS3(t)
	source := testdb.Start(t, testdb.MariaDB)
	schema := source.Schema(t)
	if err := testdb.LoadShop(t.Context(), source.DB(t), schema, 3_000); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"zstd": nil, "inserts": {"--format", "sql", "--compress", "gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "dump")
			mustRun(t, dumpArgs(source, dir, append([]string{"-B", schema, "--chunk-size", "64KiB"}, args...)...)...)
			place := "s3://" + s3.Bucket + "/staged/" + name
			made := jsonSummary(t, onS3(t, s3, 0, "stage", dir, place, "--summary", "json", "--progress", "none"))
			if made["place"] != place || made["kept_chunks"] != 0.0 || made["rows"] == 0.0 {
				t.Errorf("summary %v", made)
			}
			checkManifests(t, s3, "staged/"+name)
			onS3(t, s3, 0, "inspect", place, "--deep", "--progress", "none")
			onS3(t, s3, 0, "verify", "-d", place, "--target", uriOf(source), "--progress", "none")
			again := onS3(t, s3, 0, "stage", dir, place, "--progress", "none")
			if !strings.Contains(again.stdout, "nothing to do") {
				t.Errorf("again: %s", again.stdout)
			}
		})
	}
}

// TestStageResumed interrupts a staging: it never looks whole, and the same command carries on.
func TestStageResumed(t *testing.T) {
	s3 := testdb.StartS3(t)
	source := testdb.Start(t, testdb.MariaDB)
	schema := source.Schema(t)
	if err := testdb.LoadShop(t.Context(), source.DB(t), schema, 3_000); err != nil {
		t.Fatal(err)
	}
	dir, other := filepath.Join(t.TempDir(), "dump"), filepath.Join(t.TempDir(), "other")
	mustRun(t, dumpArgs(source, dir, "-B", schema, "--chunk-size", "64KiB")...)
	mustRun(t, dumpArgs(source, other, "-B", schema)...)
	place := "s3://" + s3.Bucket + "/resumed"
	bad := damageOne(t, dir)
	r := onS3(t, s3, 1, "stage", dir, place, "-t", "1", "--progress", "none")
	if !strings.Contains(r.stderr, filepath.Base(bad.path)) || !strings.Contains(r.stderr, "damaged") {
		t.Errorf("a damaged chunk: %s", r.stderr)
	}
	if r := onS3(t, s3, 1, "load", "-d", place, "--target", uriOf(source), "--progress", "none"); !strings.Contains(r.stderr, "incomplete") {
		t.Errorf("a load of what is not whole: %s", r.stderr)
	}
	if r := onS3(t, s3, 1, "stage", other, place, "--progress", "none"); !strings.Contains(r.stderr, "give another prefix") {
		t.Errorf("another dump: %s", r.stderr)
	}
	bad.repair(t)
	made := jsonSummary(t, onS3(t, s3, 0, "stage", dir, place, "--summary", "json", "--progress", "none"))
	if kept, _ := made["kept_chunks"].(float64); kept < 1 {
		t.Errorf("nothing was kept: %v", made)
	}
	checkManifests(t, s3, "resumed")
	onS3(t, s3, 0, "verify", "-d", place, "--target", uriOf(source), "--progress", "none")
	onS3(t, s3, 0, "inspect", place, "--deep", "--progress", "none")
}

// damaged is a file that can be repaired.
type damaged struct {
	path string
	text []byte
}

// damageOne flips a bit of the chunk that is listed in the middle.
func damageOne(t *testing.T, dir string) damaged {
	t.Helper()
	listing, err := os.ReadFile(filepath.Join(dir, "chunks.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	files := regexp.MustCompile(`"file":"([^"]+)"`).FindAllStringSubmatch(string(listing), -1)
	d := damaged{path: filepath.Join(dir, files[len(files)/2][1])}
	if d.text, err = os.ReadFile(d.path); err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), d.text...)
	flipped[len(flipped)/2] ^= 1
	if err := os.WriteFile(d.path, flipped, 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d damaged) repair(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(d.path, d.text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDumpForAurora looks at a dump that Aurora can load by itself, and at what is said of the cluster.
func TestDumpForAurora(t *testing.T) {
	s3 := testdb.StartS3(t)
	source, target := testdb.Start(t, testdb.MySQL56), testdb.Start(t, testdb.MariaDB)
	schema := source.Schema(t)
	if err := testdb.LoadShop(t.Context(), source.DB(t), schema, 3_000); err != nil {
		t.Fatal(err)
	}
	place := "s3://" + s3.Bucket + "/for/aurora"
	r := onS3(t, s3, 0, dumpArgs(source, place, "-B", schema, "--for", "aurora", "--chunk-size", "64KiB")...)
	for _, want := range []string{
		"arn:aws:s3:::" + s3.Bucket + "/for/aurora/*", "version 1 (MySQL 5.6): cluster parameter aurora_load_from_s3_role or aws_default_s3_role",
		"version 2 (MySQL 5.7)", "version 3 (MySQL 8.0): cluster parameter aws_default_s3_role = the role's ARN; GRANT AWS_LOAD_S3_ACCESS TO", "version 8.4:", "log_bin_trust_function_creators=1",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("summary lacks %q:\n%s", want, r.stdout)
		}
	}
	checkManifests(t, s3, "for/aurora")
	onS3(t, s3, 0, "inspect", place, "--deep", "--progress", "none")
	target.Exec(t, "DROP DATABASE IF EXISTS "+schema)
	t.Cleanup(func() { target.Exec(t, "DROP DATABASE IF EXISTS "+schema) })
	refused := onS3(t, s3, 1, loadArgs(target, place, "--via", "s3")...)
	if !strings.Contains(refused.stderr, "LOAD DATA FROM S3 is Aurora MySQL's") {
		t.Errorf("--via s3 into MariaDB: %s", refused.stderr)
	}
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
	for _, wrong := range [][]string{{"--compress", "zstd"}, {"--format", "sql"}, {"--chunk-size", "2GiB"}} {
		if r := onS3(t, s3, exitUsage, dumpArgs(source, place, append([]string{"--for", "aurora"}, wrong...)...)...); !strings.Contains(r.stderr, "--for aurora") {
			t.Errorf("%v: %s", wrong, r.stderr)
		}
	}
	if r := onS3(t, s3, exitUsage, dumpArgs(source, t.TempDir(), "--for", "aurora")...); !strings.Contains(r.stderr, "gomove stage") {
		t.Errorf("into a directory: %s", r.stderr)
	}
}
