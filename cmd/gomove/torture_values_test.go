package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
)

// torture is a table of the torture suite: values that other tools lose.
type torture struct {
	table   string
	from    []testdb.Kind // servers that can make it; nil is all
	to      []testdb.Kind // servers that can hold it; nil is all
	refused string        // what the load says, before any row moves, on the others
	late    bool          // only a row shows that the target cannot hold it
	differs bool          // it is loaded, and what differs is said, with exit code 3
	setup   []string      // statements; $T stands for the quoted table
}

// among reports a kind of server that a case names; one that names none means all.
func among(kinds []testdb.Kind, k testdb.Kind) bool {
	return kinds == nil || slices.Contains(kinds, k)
}

// schema is where the case lives: cases that each server holds share one.
func (c torture) schema() string {
	if c.to == nil {
		return "tv"
	}
	return "tv_" + c.table
}

func tortures(k testdb.Kind) []torture {
	all := slices.Concat(tortureNumbers(), tortureTimes(), tortureTexts(), tortureMembers(), tortureColumns(), tortureSpecial())
	return slices.DeleteFunc(all, func(c torture) bool { return !among(c.from, k) })
}

// tortureSession is how the cases are stored: nothing is refused, and the client's zone is not UTC.
var tortureSession = []string{
	"SET NAMES utf8mb4",
	"SET SESSION sql_mode='ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone='+09:00'",
}

// tortureSource starts a server in a zone with DST and with an sql_mode that spoils what is read under it; more are its arguments.
func tortureSource(t *testing.T, k testdb.Kind, more ...string) *testdb.Server {
	s := testdb.StartOwn(t, k, testdb.WithArgs(append(more, "--sql-mode=PAD_CHAR_TO_FULL_LENGTH,ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES")...))
	inZoneWithDST(t, s)
	schemas := map[string]bool{}
	for _, c := range tortures(k) {
		if !schemas[c.schema()] {
			schemas[c.schema()] = true
			s.Exec(t, "CREATE DATABASE "+c.schema()+" DEFAULT CHARACTER SET latin1")
		}
		all := append(slices.Clone(tortureSession), "USE "+c.schema())
		for _, q := range c.setup {
			all = append(all, strings.ReplaceAll(q, "$T", mysql.QuoteName(c.table)))
		}
		s.Exec(t, all...)
	}
	return s
}

// tortureTarget starts a server whose defaults would change or refuse what is loaded under them.
func tortureTarget(t *testing.T, k testdb.Kind) *testdb.Server {
	args := []string{"--sql-mode=TRADITIONAL,ANSI_QUOTES,NO_BACKSLASH_ESCAPES", "--character-set-server=ucs2", "--auto-increment-increment=7", "--auto-increment-offset=3"}
	if k == testdb.MySQL97 {
		args = append(args, "--sql-generate-invisible-primary-key=ON")
	}
	s := testdb.StartOwn(t, k, testdb.WithArgs(args...))
	inZoneWithDST(t, s)
	return s
}

// inZoneWithDST gives the server the rules of Europe/Berlin in 2021 and puts it there.
func inZoneWithDST(t *testing.T, s *testdb.Server) {
	s.Exec(t,
		"INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (77,'N')",
		"INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('Test/DST',77)",
		"INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`, Is_DST, Abbreviation) VALUES (77,0,3600,0,'CET'),(77,1,7200,1,'CEST')",
		"INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id) VALUES (77,-2147483648,0),(77,1616893200,1),(77,1635642000,0)",
		"SET GLOBAL time_zone='Test/DST'")
}

// TestTortureValues moves every table of the suite between every ordered pair of servers that can hold it, in both
// formats, and compares the stored bits. What a target cannot hold is refused before any row moves, naming the column.
func TestTortureValues(t *testing.T) {
	t.Parallel()
	targets := map[testdb.Kind]*testdb.Server{}
	for _, k := range testdb.All() {
		targets[k] = tortureTarget(t, k)
	}
	for _, from := range testdb.All() {
		t.Run("from-"+string(from), func(t *testing.T) {
			m := &tortureMove{source: tortureSource(t, from), cases: tortures(from), dir: t.TempDir(), dumps: map[string]string{}}
			m.want = newExactTables(m.source)
			for _, to := range testdb.All() {
				t.Run("to-"+string(to), func(t *testing.T) {
					t.Parallel()
					m.to(t, targets[to])
				})
			}
		})
	}
}

// tortureMove is the suite on its way from one source to all targets.
type tortureMove struct {
	source *testdb.Server
	cases  []torture
	want   *exactTables
	dir    string
	mu     sync.Mutex
	dumps  map[string]string // directories by what is in them: each dump is made once
}

func (m *tortureMove) dump(t *testing.T, more ...string) string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	key := strings.Join(more, " ")
	if m.dumps[key] == "" {
		dir := filepath.Join(m.dir, fmt.Sprint(len(m.dumps)))
		mustRun(t, dumpArgs(m.source, dir, more...)...)
		m.dumps[key] = dir
	}
	return m.dumps[key]
}

func (m *tortureMove) to(t *testing.T, target *testdb.Server) {
	var schemas []string
	for _, c := range m.cases {
		if among(c.to, target.Kind) && !slices.Contains(schemas, c.schema()) {
			schemas = append(schemas, c.schema())
		}
	}
	for _, route := range []struct {
		name       string
		dump, load []string
	}{
		{"csv", nil, nil}, {"sql", []string{"--format", "sql"}, nil}, {"insert", nil, []string{"--via", "insert"}},
	} {
		t.Run(route.name, func(t *testing.T) {
			args := route.dump
			for _, s := range schemas {
				args = append(args, "-B", s)
				target.Exec(t, "DROP DATABASE IF EXISTS "+s)
			}
			r := runBinary(t, loadArgs(target, m.dump(t, args...), append(route.load, "--restart")...)...)
			if r.code != 0 {
				t.Fatalf("load: exit %d\n%s\n%s", r.code, r.stdout, r.stderr)
			}
			switch route.name {
			case "csv":
				requireVerified(t, m.source, target, m.dump(t, args...), schemas)
			case "sql":
				requireVerified(t, nil, target, m.dump(t, args...), schemas)
			}
			got := newExactTables(target)
			for _, c := range m.cases {
				if among(c.to, target.Kind) {
					m.requireSameCase(t, got, c.schema(), c.table)
				}
			}
		})
	}
	for _, c := range m.cases {
		if !among(c.to, target.Kind) {
			t.Run("refused-"+c.table, func(t *testing.T) { m.requireRefused(t, target, c) })
		}
	}
}

func (m *tortureMove) requireRefused(t *testing.T, target *testdb.Server, c torture) {
	r := runBinary(t, loadArgs(target, m.dump(t, "-B", c.schema()), "--restart")...)
	want := 1
	if c.differs {
		want = 3
	}
	if r.code != want || !strings.Contains(strings.ToLower(r.stderr+r.stdout), strings.ToLower(c.refused)) || !strings.Contains(r.stderr+r.stdout, "`"+c.table+"`") {
		t.Errorf("exit %d, stderr should say %q of table %s: %s%s", r.code, c.refused, c.table, r.stderr, r.stdout)
	}
	if !c.late && !c.differs {
		if left := target.Query(t, "SELECT schema_name FROM information_schema.schemata WHERE schema_name='"+c.schema()+"'"); len(left) > 0 {
			t.Errorf("the target was changed: %v", left)
		}
	}
	if c.differs {
		r := runBinary(t, "verify", "--source", uriOf(m.source), "--target", uriOf(target), "-B", c.schema(), "--progress", "none", "--recheck", "0")
		if r.code != 3 || strings.Count(r.stdout, " is -0, on the target 0 (MariaDB stores no negative zero)") != 2 || !strings.Contains(r.stdout, "rows that differ: 1, missing on the target: 0, on the target only: 0 (") {
			t.Errorf("verify: exit %d: %s%s", r.code, r.stderr, r.stdout)
		}
	}
	target.Exec(t, "DROP DATABASE IF EXISTS "+c.schema())
}

// requireSameCase compares the stored bits of a table, and its definition where the servers are of one kind.
func (m *tortureMove) requireSameCase(t *testing.T, target *exactTables, schema, table string) {
	t.Helper()
	source := m.want.read(t, schema, table, nil)
	there := target.read(t, schema, table, source.columns)
	want, got := source.rows, there.rows
	if len(want) != len(got) {
		t.Errorf("%s: %d rows, want %d", table, len(got), len(want))
		return
	}
	wrong := 0
	for i := range want {
		for j := range want[i] {
			if want[i][j] != got[i][j] && wrong < 10 {
				wrong++
				t.Errorf("%s.%s row %d (%s): got %s, want %s", table, source.columns[j].name, i, want[i][0], clipText(got[i][j]), clipText(want[i][j]))
			}
		}
	}
	if a, b := source.nextNumber(), there.nextNumber(); a != b && table != "counter_full" {
		t.Errorf("%s: AUTO_INCREMENT is %s, want %s", table, b, a)
	}
	if m.source.Kind == target.server.Kind {
		if diff := cmp.Diff(source.definition, there.definition); diff != "" {
			t.Errorf("%s (-source +target):\n%s", table, diff)
		}
		return
	}
	if diff := cmp.Diff(commonFacts(source.columns), commonFacts(there.columns)); diff != "" {
		t.Errorf("%s, columns (-source +target):\n%s", table, diff)
	}
}

// valuesTable makes a case of columns and the literals that they hold, one row each and one of NULLs.
func valuesTable(table string, columns [][]string) torture {
	rows := 0
	defs := []string{"id INT NOT NULL PRIMARY KEY"}
	for i, c := range columns {
		def := c[0]
		if strings.HasPrefix(def, "TIMESTAMP") {
			def += " NULL DEFAULT NULL"
		}
		defs = append(defs, fmt.Sprintf("c%d %s", i+1, def))
		rows = max(rows, len(c)-1)
	}
	inserts := []string{}
	for r := range rows + 1 {
		values := []string{fmt.Sprint(r)}
		for _, c := range columns {
			v := "NULL"
			if r+1 < len(c) {
				v = c[r+1]
			}
			values = append(values, v)
		}
		inserts = append(inserts, "("+strings.Join(values, ",")+")")
	}
	return torture{table: table, setup: []string{
		"CREATE TABLE $T (" + strings.Join(defs, ",\n") + ") ENGINE=InnoDB",
		"INSERT INTO $T VALUES " + strings.Join(inserts, ","),
	}}
}
