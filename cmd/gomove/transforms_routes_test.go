package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// TestTransformRoutes masks and narrows rows on every way into a server: LOAD DATA and INSERT, of dumps in both formats, of a stream and
// of a file of mysqldump. All give the same tables.
func TestTransformRoutes(t *testing.T) {
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL97} {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := personalData(t, s)
			dir := t.TempDir()
			csv, sql, stream, foreign := filepath.Join(dir, "csv"), filepath.Join(dir, "sql"), filepath.Join(dir, "stream.tar"), filepath.Join(dir, "foreign.sql")
			mustRun(t, dumpArgs(s, csv, "-B", schema)...)
			mustRun(t, dumpArgs(s, sql, "-B", schema, "--format", "sql")...)
			tar := mustRun(t, dumpArgs(s, "-", "-B", schema)...)
			if err := os.WriteFile(stream, []byte(tar.stdout), 0o600); err != nil {
				t.Fatal(err)
			}
			mysqldumpTo(t, s, foreign, "--databases", schema, "--single-transaction", "--triggers")
			var want map[string][][]string
			for i, c := range []struct {
				from  string
				flags []string
			}{{csv, nil}, {csv, []string{"--via", "insert"}}, {sql, nil}, {stream, nil}, {foreign, nil}, {csv, []string{"--defer-indexes", "all", "-t", "3"}}} {
				to := schema + "_" + string(rune('a'+i))
				dropAfter(t, s, to)
				in := c.from
				if in == stream {
					in = "-"
				}
				r := startChanged(t, func(cmd *exec.Cmd) {
					cmd.Env = append(cmd.Env, maskKeyVariable+"="+maskSecret)
					if in == "-" {
						file, err := os.Open(stream)
						if err != nil {
							t.Fatal(err)
						}
						t.Cleanup(func() { file.Close() })
						cmd.Stdin = file
					}
				}, loadArgs(s, in, append(transformArgs(schema, to), c.flags...)...)...).wait(t)
				if r.code != 0 {
					t.Errorf("%s %q: exit %d\n%s%s", c.from, c.flags, r.code, r.stdout, r.stderr)
					continue
				}
				got := maskedTables(t, s, to)
				if want == nil {
					want = got
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s %q (-csv +this):\n%s", c.from, c.flags, diff)
				}
			}
		})
	}
}

// TestTransformsResumed goes on with a dump that is masked and renamed, and refuses to go on with another mask or key.
func TestTransformsResumed(t *testing.T) {
	s := resumable(t, testdb.MariaDB)
	root := t.TempDir()
	dir, whole := filepath.Join(root, "dump"), filepath.Join(root, "whole")
	key, other := filepath.Join(root, "key"), filepath.Join(root, "other")
	for name, text := range map[string]string{key: maskSecret, other: maskSecret + "!"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flags := []string{"--mask", "r.k.pad=hash", "--schema-map", "r=rr", "--table-map", "r.none=away.nun", "--exclude-columns", "r.c=pad", "--mask-key-file"}
	interrupted(t, s, dir, append(flags, key)...)
	again := func(more ...string) result { return runBinary(t, resumeArgs(s, dir, append(more, "--resume")...)...) }
	wantFailure(t, 1, again(append(flags, other)...), "the key of --mask was")
	wantFailure(t, 1, again(append(flags[2:len(flags):len(flags)], key)...), "--mask was [r.k.pad=hash]")
	wantFailure(t, 1, again(append([]string{"--mask", "r.k.pad=hash", "--mask-key-file"}, key)...), "was")
	sum := jsonSummary(t, again(append(append(flags, key), "--summary", "json")...))
	if kept := sum["resumed"].(map[string]any)["kept_chunks"].(float64); kept < 20 {
		t.Errorf("%v chunks were kept", kept)
	}
	mustRun(t, resumeArgs(s, whole, append(flags, key)...)...)
	if d := cmp.Diff(dumpFacts(t, whole), dumpFacts(t, dir)); d != "" {
		t.Errorf("a dump in one run (-) and one that was resumed (+):\n%s", d)
	}
}

// TestMaskedKeys masks keys of every use: a table whose only key is masked is dumped in one piece, and its bounds are nowhere written.
func TestMaskedKeys(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := s.Schema(t)
	for _, q := range []string{ // the sequence is one of the current schema
		"CREATE TABLE %s.n (n BIGINT UNSIGNED PRIMARY KEY, code CHAR(13) CHARACTER SET ascii NOT NULL, pad VARCHAR(400), UNIQUE KEY (code))",
		"INSERT INTO %s.n SELECT 1000000000 + seq * 37, CONCAT('C', LPAD(seq, 12, '0')), REPEAT('x', 300) FROM seq_1_to_20000",
		"ANALYZE TABLE %s.n",
	} {
		s.Exec(t, "USE "+schema, strings.ReplaceAll(q, "%s", schema))
	}
	dir, to := filepath.Join(t.TempDir(), "dump"), schema+"_to"
	dropAfter(t, s, to)
	r := withKey(t, dumpArgs(s, dir, "-B", schema, "--chunk-size", "256KiB", "--schema-map", schema+"="+to, "--compress", "none",
		"--mask", schema+".n.n=hash", "--mask", "*.n.code=digits")...)
	if !strings.Contains(r.stdout, "is read in one piece") {
		t.Errorf("the summary does not say that the table was read in one piece:\n%s", r.stdout)
	}
	chunks, err := os.ReadFile(filepath.Join(dir, "chunks.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(chunks), `"lower"`) || strings.Contains(string(chunks), `"upper"`) || strings.Count(string(chunks), "\n") < 10 {
		t.Errorf("chunks:\n%.2000s", chunks)
	}
	mustRun(t, loadArgs(s, dir)...)
	got := s.Query(t, "SELECT COUNT(*), COUNT(DISTINCT n), COUNT(DISTINCT code), SUM(code REGEXP '^C[0-9]{12}$'), SUM(n < 16777216), SUM(n > 2147483647) FROM "+to+".n")[0]
	if diff := cmp.Diff([]string{"20000", "20000", "20000", "20000", "0", "0"}, got); diff != "" {
		t.Errorf("masked keys (-want +got):\n%s", diff)
	}
}

// TestTransformsForOtherTools has the mysql client and myloader restore dumps that were transformed while they were written.
func TestTransformsForOtherTools(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := personalData(t, s)
	var want map[string][][]string
	for i, preset := range []string{"gomove", "mysql", "myloader"} {
		to := schema + "_" + string(rune('a'+i))
		dropAfter(t, s, to)
		dir := filepath.Join(t.TempDir(), preset)
		withKey(t, dumpArgs(s, dir, append(transformArgs(schema, to), "-B", schema, "--for", preset)...)...)
		switch preset {
		case "gomove":
			mustRun(t, loadArgs(s, dir)...)
			want = maskedTables(t, s, to)
		case "mysql":
			restoreByClient(t, s, dir)
		case "myloader":
			out, err := testdb.Myloader(t, s, dir)
			if err != nil || strings.Contains(string(out), "CRITICAL") {
				t.Fatalf("myloader: %v\n%s", err, out)
			}
		}
		if diff := cmp.Diff(want, maskedTables(t, s, to)); diff != "" {
			t.Errorf("%s (-gomove +this):\n%s", preset, diff)
		}
		requireMasked(t, s, schema, to)
	}
}
