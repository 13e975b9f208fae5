package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// restoredSchemas are what the other tools restore.
var restoredSchemas = []string{"world", "shop"}

// loadSamples fills a server with world and the shop.
func loadSamples(t *testing.T, s *testdb.Server) {
	t.Helper()
	if err := testdb.LoadWorld(t.Context(), s.DB(t), "world"); err != nil {
		t.Fatal(err)
	}
	if err := testdb.LoadShop(t.Context(), s.DB(t), "shop", 6_000); err != nil {
		t.Fatal(err)
	}
}

// createShopDefiner creates the account without which nobody can read the shop's views.
func createShopDefiner(t *testing.T, s *testdb.Server) {
	t.Helper()
	s.Exec(t, "CREATE USER "+testdb.ShopDefiner, "GRANT ALL ON shop.* TO "+testdb.ShopDefiner)
}

// requireRestored compares rows of tables and views by checksum, and the objects.
func requireRestored(t *testing.T, source, target *testdb.Server) {
	t.Helper()
	want, err := testdb.TableSums(t.Context(), source.DB(t), restoredSchemas...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := testdb.TableSums(t.Context(), target.DB(t), restoredSchemas...)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) < 10 {
		t.Errorf("%d tables and views are compared", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-source +target):\n%s", diff)
	}
	for _, schema := range restoredSchemas {
		if diff := cmp.Diff(objectNames(t, source, schema), objectNames(t, target, schema)); diff != "" {
			t.Errorf("objects of %s (-source +target):\n%s", schema, diff)
		}
		if diff := cmp.Diff(bodies(t, source, schema), bodies(t, target, schema)); diff != "" {
			t.Errorf("bodies in %s (-source +target):\n%s", schema, diff)
		}
	}
}

// bodies are the statements of triggers, routines and events.
func bodies(t *testing.T, s *testdb.Server, schema string) []string {
	t.Helper()
	var out []string
	for _, q := range []string{
		"SELECT CONCAT(trigger_name,': ',action_statement,' ',definer,' ',sql_mode) FROM information_schema.triggers WHERE trigger_schema='%s'",
		"SELECT CONCAT(routine_name,': ',routine_definition,' ',definer,' ',sql_mode,' ',routine_comment) FROM information_schema.routines WHERE routine_schema='%s'",
		"SELECT CONCAT(event_name,': ',event_definition,' ',definer,' ',starts,' ',time_zone) FROM information_schema.events WHERE event_schema='%s'",
	} {
		for _, r := range s.Query(t, fmt.Sprintf(q, schema)) {
			out = append(out, r[0])
		}
	}
	for i := range out { // myloader cuts statements at ;\n: in its files a blank stands between them
		out[i] = strings.ReplaceAll(out[i], "; \n", ";\n")
	}
	slices.Sort(out)
	return out
}

// TestForMyloader restores dumps of --for myloader with Debian's myloader.
func TestForMyloader(t *testing.T) {
	requireRestores(t, []testdb.Kind{testdb.MariaDB, testdb.MySQL56}, "myloader", func(t *testing.T, target *testdb.Server, dir string) {
		out, err := testdb.Myloader(t, target, dir)
		if err != nil || bytes.Contains(out, []byte("CRITICAL")) || bytes.Contains(out, []byte("Error")) {
			t.Fatalf("myloader: %v\n%s", err, out)
		}
	})
}

// TestForMySQL restores dumps of --for mysql with the server's own client, by the command that restore.mysql names.
func TestForMySQL(t *testing.T) { requireRestores(t, testdb.All(), "mysql", restoreByClient) }

// requireRestores dumps the samples for another tool in both formats, and lets that tool restore them.
func requireRestores(t *testing.T, kinds []testdb.Kind, preset string, restore func(t *testing.T, target *testdb.Server, dir string)) {
	t.Parallel()
	for _, k := range kinds {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			source, target := testdb.StartOwn(t, k), testdb.StartOwn(t, k)
			loadSamples(t, source)
			createShopDefiner(t, target)
			for _, form := range []string{"csv", "sql"} {
				dir := filepath.Join(t.TempDir(), form)
				mustRun(t, dumpArgs(source, dir, "--for", preset, "--format", form, "--chunk-size", "256KiB")...)
				restore(t, target, dir)
				requireRestored(t, source, target)
				target.Exec(t, "DROP DATABASE world", "DROP DATABASE shop")
			}
		})
	}
}

func restoreByClient(t *testing.T, target *testdb.Server, dir string) {
	t.Helper()
	script, err := os.Open(filepath.Join(dir, dump.RestoreName))
	if err != nil {
		t.Fatal(err)
	}
	defer script.Close()
	head := make([]byte, 400)
	if _, err := script.ReadAt(head, 0); err != nil {
		t.Fatal(err)
	}
	options := []string{"--comments", "--local-infile=1", "--loose-commands"}
	if want := "mysql " + strings.Join(options, " "); !bytes.Contains(head, []byte(want)) {
		t.Fatalf("the head of %s does not name %q: %s", dump.RestoreName, want, head)
	}
	cmd := target.Client(t, options...)
	cmd.Dir, cmd.Stdin = dir, script
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("ERROR")) {
		t.Fatalf("client: %v\n%s", err, out)
	}
}

// TestForMySQLStopsInTriggerFile restores what the target refuses in a file that has changed the delimiter: the client must not go
// on under that delimiter, execute nothing more and exit 0.
func TestForMySQLStopsInTriggerFile(t *testing.T) {
	source := testdb.Start(t, testdb.MariaDB)
	schema := source.Schema(t)
	source.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY)", "USE "+schema, "SET SESSION sql_mode='NO_AUTO_CREATE_USER'",
		"CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @x=1")
	dir := filepath.Join(t.TempDir(), "dump")
	mustRun(t, dumpArgs(source, dir, "-B", schema, "--for", "mysql")...)
	for _, client := range []testdb.Kind{testdb.MariaDB, testdb.MySQL97} {
		target := testdb.Start(t, testdb.MySQL97)
		target.Exec(t, "DROP DATABASE IF EXISTS "+schema)
		script, err := os.Open(filepath.Join(dir, dump.RestoreName))
		if err != nil {
			t.Fatal(err)
		}
		defer script.Close()
		cmd := testdb.Start(t, client).Client(t, "--comments", "--local-infile=1", "--loose-commands", "-h", target.Host, "-P", fmt.Sprint(target.Port), "--protocol=tcp")
		cmd.Dir, cmd.Stdin = dir, script
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("%s client: exit 0 after an error in the triggers: %s", client, out)
		}
		target.Exec(t, "DROP DATABASE IF EXISTS "+schema)
	}
}
