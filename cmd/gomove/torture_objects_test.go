package main

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// objectCase is a group of schemas whose objects other tools lose or garble.
type objectCase struct {
	schemas  []string
	from     []testdb.Kind // servers that can make it; nil is all
	to       []testdb.Kind // servers that can hold it; nil is all
	declared []string      // what the summaries of dump and load must say of it
	setup    []string      // in one session, after the schemas were made
}

// between is all ordered pairs within the kinds.
func (c objectCase) between(kinds ...testdb.Kind) objectCase {
	c.from, c.to = kinds, kinds
	return c
}

func (c objectCase) fits(from, to testdb.Kind) bool {
	return among(c.from, from) && among(c.to, to)
}

func objectCases(k testdb.Kind) []objectCase {
	all := slices.Concat(tortureNames(), tortureBodies(), tortureViews(), tortureLinks(), tortureMariaDB())
	return slices.DeleteFunc(all, func(c objectCase) bool { return !among(c.from, k) })
}

// objectSession is what the cases are made under where they do not say otherwise.
var objectSession = []string{
	"SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
	"SET SESSION sql_mode='STRICT_ALL_TABLES', time_zone='+00:00'",
}

func objectServer(t *testing.T, k testdb.Kind, args ...string) *testdb.Server {
	s := testdb.StartOwn(t, k, testdb.WithArgs(append(args, "--event-scheduler=OFF", "--log-bin-trust-function-creators=1")...))
	inZoneWithDST(t, s)
	return s
}

func objectSource(t *testing.T, k testdb.Kind) *testdb.Server {
	s := objectServer(t, k)
	for _, c := range objectCases(k) {
		all := slices.Clone(objectSession)
		for _, schema := range c.schemas {
			all = append(all, "CREATE DATABASE "+mysql.QuoteName(schema)+" DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
		}
		s.Exec(t, append(append(all, "USE "+mysql.QuoteName(c.schemas[0])), c.setup...)...)
	}
	return s
}

// TestTortureObjects moves every object of the suite between every ordered pair of servers that can hold it and
// compares what SHOW CREATE says of each. Between servers of one kind only the definer may differ, as the summary says.
func TestTortureObjects(t *testing.T) {
	t.Parallel()
	targets := map[testdb.Kind]*testdb.Server{}
	for _, k := range testdb.All() {
		targets[k] = objectServer(t, k, "--sql-mode=TRADITIONAL,ANSI_QUOTES,NO_BACKSLASH_ESCAPES", "--character-set-server=ucs2")
	}
	for _, from := range testdb.All() {
		t.Run("from-"+string(from), func(t *testing.T) {
			source := &objectOrigin{Server: objectSource(t, from), read: map[bool]map[string]map[string][]string{true: {}, false: {}}}
			for _, to := range testdb.All() {
				t.Run("to-"+string(to), func(t *testing.T) {
					t.Parallel()
					moveObjects(t, source, targets[to])
				})
			}
		})
	}
}

// objectOrigin is a source whose definitions are read once in each form.
type objectOrigin struct {
	*testdb.Server
	mu   sync.Mutex
	read map[bool]map[string]map[string][]string // by exact and schema
}

func (o *objectOrigin) definitions(t *testing.T, r definitionReader, schema string) map[string][]string {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.read[r.exact][schema] == nil {
		o.read[r.exact][schema] = r.read(t, o.Server, schema)
	}
	return o.read[r.exact][schema]
}

func moveObjects(t *testing.T, source *objectOrigin, target *testdb.Server) {
	var schemas, declared, args []string
	for _, c := range objectCases(source.Kind) {
		if !c.fits(source.Kind, target.Kind) {
			for _, s := range c.schemas {
				args = append(args, "--exclude-schema", "`"+strings.ReplaceAll(s, "`", "``")+"`")
			}
			continue
		}
		schemas, declared = append(schemas, c.schemas...), append(declared, c.declared...)
	}
	dropSchemas(t, target)
	dir := filepath.Join(t.TempDir(), "dump")
	dumped := mustRun(t, dumpArgs(source.Server, dir, args...)...)
	args = []string{"--restart"}
	if source.Kind == target.Kind {
		args = append(args, "--enable-events")
	}
	loaded := runBinary(t, loadArgs(target, dir, args...)...)
	said := dumped.stdout + dumped.stderr + loaded.stdout + loaded.stderr
	if loaded.code != 0 {
		t.Fatalf("load: exit %d\n%s", loaded.code, said)
	}
	for _, d := range declared {
		if !strings.Contains(said, d) {
			t.Errorf("the summaries do not say %q:\n%s", d, said)
		}
	}
	if !strings.Contains(loaded.stdout, "definer  `no one`@10.0.% was replaced") {
		t.Errorf("the summary does not name the definer: %s", loaded.stdout)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(schemas)), userSchemas(t, target)); diff != "" {
		t.Errorf("schemas (-want +target):\n%s", diff)
	}
	for _, schema := range schemas {
		requireSameDefinitions(t, source, target, schema)
	}
	requireVerified(t, source.Server, target, dir, schemas)
}

// userSchemas lists the schemas that are not the system's.
func userSchemas(t *testing.T, s *testdb.Server) []string {
	t.Helper()
	var out []string
	for _, r := range s.Query(t, "SELECT schema_name FROM information_schema.schemata") {
		if !slices.Contains([]string{"information_schema", "mysql", "performance_schema", "sys", "test"}, r[0]) {
			out = append(out, r[0])
		}
	}
	slices.Sort(out)
	return out
}

func dropSchemas(t *testing.T, s *testdb.Server) {
	t.Helper()
	drops := []string{"SET foreign_key_checks=0"}
	for _, name := range userSchemas(t, s) {
		drops = append(drops, "DROP DATABASE "+mysql.QuoteName(name))
	}
	s.Exec(t, drops...)
}

func requireSameDefinitions(t *testing.T, source *objectOrigin, target *testdb.Server, schema string) {
	t.Helper()
	r := definitionReader{exact: source.Kind == target.Kind}
	want, got := source.definitions(t, r, schema), r.read(t, target, schema)
	if len(want) < 2 {
		t.Errorf("%q holds nothing on %s", schema, source.Kind)
	}
	for name, text := range want {
		if other, ok := got[name]; !ok {
			t.Errorf("%q: %s is missing", schema, name)
		} else if diff := cmp.Diff(text, other); diff != "" {
			t.Errorf("%q: %s (-source +target):\n%s", schema, name, diff)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%q: %s is not on the source", schema, name)
		}
	}
}
