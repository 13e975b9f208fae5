package loader

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/testdb"
)

// killPlanVariable has the test binary load a dump and kill itself: a killPlan as JSON.
const killPlanVariable = "GOMOVE_TEST_KILL_PLAN"

// stop is where a load is stopped: the nth time, from 1, that it comes to a moment of a table or object.
type stop struct {
	At  moment
	Of  string // empty: any
	Nth int64
}

func (s stop) String() string { return fmt.Sprintf("%s %s %d", s.At, s.Of, s.Nth) }

// killPlan is what loadUntilKilled needs.
type killPlan struct {
	Dir          string
	Host         string
	Port         int
	User         string
	Via          Via
	IfExists     IfExists
	DeferIndexes Defer
	Stop         stop
	Pause        bool // write a line and wait for one, in place of dying
}

const exitNotReached = 7

// loadUntilKilled is the life of a re-executed test binary: no deferred call runs, no connection is closed in order.
func loadUntilKilled(plan string) int {
	var p killPlan
	err := json.Unmarshal([]byte(plan), &p)
	if err == nil {
		err = p.load()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return exitNotReached
}

func (p killPlan) load() error {
	st, err := store.NewDir(p.Dir, store.ReadOnly)
	if err != nil {
		return err
	}
	from, err := dump.Open(context.Background(), st)
	if err != nil {
		return err
	}
	o := Options{
		Target: mysql.Options{Host: p.Host, Port: p.Port, User: p.User}, From: from,
		Via: p.Via, IfExists: p.IfExists, DeferIndexes: p.DeferIndexes,
	}
	_, err = stopped(o, p.Stop, func(*session) error {
		if p.Pause {
			fmt.Println("paused")
			_, err := fmt.Scanln()
			return err
		}
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}).execute(context.Background())
	return err
}

// stopped makes a load on one thread that calls do when it comes to a stop.
func stopped(o Options, at stop, do func(*session) error) *load {
	o.Threads = 1
	l := newLoad(o.withDefaults())
	var n atomic.Int64
	l.onMoment = func(m moment, s *session, of string) error {
		if m != at.At || at.Of != "" && at.Of != of || n.Add(1) != at.Nth {
			return nil
		}
		return do(s)
	}
	return l
}

// kill has a process of its own load the dump and die by signal 9 at the stop.
func kill(t *testing.T, s *testdb.Server, dir string, o Options, at stop) {
	t.Helper()
	plan, err := json.Marshal(killPlan{dir, s.Host, s.Port, s.User, o.Via, o.IfExists, o.DeferIndexes, at, false})
	must(t, err)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killPlanVariable+"="+string(plan))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the load was not killed at %s: %v\n%s", at, err, out)
	}
}

// paused is a process that loads, and waits at a stop.
type paused struct {
	cmd *exec.Cmd
	in  io.WriteCloser
}

func pause(t *testing.T, s *testdb.Server, dir string, o Options, at stop) *paused {
	t.Helper()
	plan, err := json.Marshal(killPlan{dir, s.Host, s.Port, s.User, o.Via, o.IfExists, o.DeferIndexes, at, true})
	must(t, err)
	p := &paused{cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.cmd.Env = append(os.Environ(), killPlanVariable+"="+string(plan))
	p.cmd.Stderr = os.Stderr
	p.in, err = p.cmd.StdinPipe()
	must(t, err)
	out, err := p.cmd.StdoutPipe()
	must(t, err)
	must(t, p.cmd.Start())
	line := make([]byte, len("paused\n"))
	_, err = io.ReadFull(out, line)
	must(t, err)
	return p
}

// goOn lets it go on.
func (p *paused) goOn(t *testing.T) {
	t.Helper()
	_, err := io.WriteString(p.in, "\n")
	must(t, err)
}

func (p *paused) kill(t *testing.T) {
	t.Helper()
	must(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait() // it was killed
}

// Ways to stop a load.
const (
	byError = "error"
	byLoss  = "lost connection"
	byKill  = "kill -9"
)

// faultTables are one of each kind that a load treats in its own way. Each has three chunks.
func faultTables() []testTable {
	make60 := func(name, create string, row func(i int) []any, cols ...dump.Column) testTable {
		tt := testTable{name: name, create: create, cols: cols, perChunk: 20}
		for i := range 60 {
			tt.rows = append(tt.rows, row(i))
		}
		return tt
	}
	id, v := plainColumn("id", "int(11)"), textColumn("v", "varchar(30)", "utf8mb4")
	parents := numbered(9, 3)
	parents.name, parents.create = "parents", strings.Replace(parents.create, "`t`", "`parents`", 1)
	keyed := make60("keyed", "CREATE TABLE `keyed` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `parent` int(11) NOT NULL,\n  `v` varchar(30) DEFAULT NULL,\n"+
		"  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`v`),\n  KEY `parent` (`parent`),\n  FULLTEXT KEY `f` (`v`),\n  CONSTRAINT `fk` FOREIGN KEY (`parent`) REFERENCES `parents` (`id`),\n"+
		"  CONSTRAINT `fk2` FOREIGN KEY (`parent`) REFERENCES `parents` (`id`)\n) ENGINE=InnoDB AUTO_INCREMENT=700 DEFAULT CHARSET=utf8mb4",
		func(i int) []any { return []any{i + 1, i%9 + 1, fmt.Sprintf("value, \"%d\"\n\\", i)} }, id, plainColumn("parent", "int(11)"), v)
	keyed.names, keyed.triggers = []string{"tr"}, "DELIMITER ;;\nCREATE TRIGGER `tr` BEFORE INSERT ON `keyed` FOR EACH ROW SET NEW.v=CONCAT('fired ',NEW.v);;\nDELIMITER ;\n"
	twice := func(i int) []any { return []any{i / 2, nil} }
	return []testTable{
		parents, keyed,
		make60("keyless", "CREATE TABLE `keyless` (\n  `id` int(11) NOT NULL,\n  `v` varchar(30) DEFAULT NULL,\n  KEY `v` (`v`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4", twice, id, v),
		make60("plain", "CREATE TABLE `plain` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `v` varchar(30) DEFAULT NULL,\n  PRIMARY KEY (`id`),\n  KEY `v` (`v`)\n) ENGINE=MyISAM AUTO_INCREMENT=900 DEFAULT CHARSET=utf8mb4",
			func(i int) []any { return []any{i + 1, fmt.Sprint("v", i)} }, id, v),
		make60("plain_keyless", "CREATE TABLE `plain_keyless` (\n  `id` int(11) NOT NULL,\n  `v` varchar(30) DEFAULT NULL\n) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4", twice, id, v),
	}
}

func faultDump(schema string) *testDump {
	return &testDump{
		schema: schema, tables: faultTables(),
		views: [][2]string{
			{"a_needs_b", "CREATE VIEW `a_needs_b` AS select `b`.`id` AS `id` from `b`;\n"},
			{"b", "CREATE VIEW `b` AS select `keyed`.`id` AS `id`, double_it(2) AS `d` from `keyed`;\n"},
		},
		procs: []string{"function double_it", "procedure p"}, events: []string{"ev", "off"},
		post: "DELIMITER ;;\nCREATE FUNCTION `double_it`(n INT) RETURNS int(11) DETERMINISTIC NO SQL RETURN n*2;;\nCREATE PROCEDURE `p`() SELECT 1;;\n" +
			"CREATE EVENT `ev` ON SCHEDULE EVERY 1 DAY DO SELECT 1;;\nCREATE EVENT `off` ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1;;\nDELIMITER ;\n",
	}
}

// wantDump compares every row of the target with what was dumped, and counts the objects.
func wantDump(t *testing.T, s *testdb.Server, d *testDump) {
	t.Helper()
	db := s.DB(t)
	for _, tt := range d.tables {
		var names, want []string
		for _, c := range tt.cols {
			names = append(names, "COALESCE(HEX(CAST("+mysql.QuoteName(c.Name)+" AS CHAR)),'NULL')")
		}
		for _, row := range tt.rows {
			var cells []string
			for _, v := range row {
				cell := "NULL"
				if v != nil {
					cell = fmt.Sprintf("%X", fmt.Sprint(v))
				}
				cells = append(cells, cell)
			}
			want = append(want, strings.Join(cells, ","))
		}
		got := column1(t, db, "SELECT CONCAT_WS(',',"+strings.Join(names, ",")+") FROM "+mysql.QuoteTable(d.schema, tt.name))
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rows of %s (-dump +target):\n%s", tt.name, diff)
		}
	}
	in := "='" + d.schema + "'"
	for query, want := range map[string]int64{
		"information_schema.views WHERE table_schema" + in:                                                                              2,
		"information_schema.routines WHERE routine_schema" + in:                                                                         2,
		"information_schema.triggers WHERE trigger_schema" + in:                                                                         1,
		"information_schema.events WHERE status='DISABLED' AND event_schema" + in:                                                       2,
		"information_schema.table_constraints WHERE constraint_type='FOREIGN KEY' AND table_schema" + in:                                2,
		"(SELECT DISTINCT table_name, index_name FROM information_schema.statistics WHERE table_schema" + in + ") x":                    9,
		"information_schema.columns WHERE table_name='keyed' AND column_name='v' AND character_maximum_length=30 AND table_schema" + in: 1,
	} {
		wantRows(t, db, query, want)
	}
	for table, want := range map[string]string{"keyed": "AUTO_INCREMENT=700", "plain": "AUTO_INCREMENT=900"} {
		var name, create string
		must(t, db.QueryRowContext(t.Context(), "SHOW CREATE TABLE "+mysql.QuoteTable(d.schema, table)).Scan(&name, &create))
		if !strings.Contains(create, want) {
			t.Errorf("table %s has not %s: %s", table, want, create)
		}
	}
	noProgress(t, db)
}

// everyStop is each moment, for each kind of table and object that comes there.
func everyStop() []stop {
	stops := []stop{
		{atPlanned, "", 1}, {atTable, "", 1}, {atTable, "", 3}, {atTables, "", 1},
		{atIndexes, "keyed", 1}, {atIndexed, "keyed", 1}, {atIndexed, "keyed", 2}, {atIndexed, "keyless", 1}, {atIndexed, "plain", 1},
		{atForeign, "keyed", 1}, {atForeigned, "keyed", 1},
		{atStored, "double_it", 1}, {atStored, "p", 1}, {atStored, "b", 1}, {atStored, "a_needs_b", 1}, {atStored, "tr", 1}, {atStored, "ev", 1}, {atStored, "off", 1},
		{atChecks, "", 1}, {atFinish, "", 1},
	}
	for _, table := range []string{"keyed", "keyless", "plain", "plain_keyless"} {
		for _, m := range []moment{atBegun, atClaimed, atMiddle, atLoaded} {
			stops = append(stops, stop{m, table, 2})
		}
		if !strings.HasPrefix(table, "plain") {
			stops = append(stops, stop{atChecked, table, 2}, stop{atCommitted, table, 1}, stop{atCommitted, table, 3})
		}
	}
	return stops
}

// TestLoadStoppedAnywhere stops a load at each of its moments in each of the ways, runs it again, and compares every row.
func TestLoadStoppedAnywhere(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		for i, at := range everyStop() {
			for j, way := range []string{byKill, byLoss, byError} {
				if (i+j)%3 != 0 && (way != byKill || s.Kind != testdb.MariaDB) || i%2 == 1 && s.Kind != testdb.MariaDB {
					continue // each moment in one way and by kill -9 on MariaDB, the quickest; every second one elsewhere
				}
				t.Run(at.String()+" "+way, func(t *testing.T) { stopAndCarryOn(t, s, at, way, Options{}) })
			}
		}
	})
}

func stopAndCarryOn(t *testing.T, s *testdb.Server, at stop, way string, with Options) {
	schema := freshSchema(t, s)
	d := faultDump(schema)
	o := options(s, d.write(t))
	o.Threads, o.DeferIndexes, o.Via, o.IfExists = 1, DeferAll, with.Via, with.IfExists
	switch way {
	case byKill:
		kill(t, s, d.dir, o, at)
	case byError:
		_, err := stopped(o, at, func(*session) error { return errPull }).execute(t.Context())
		wantError(t, err, errPull)
	case byLoss:
		db, reached := s.DB(t), false
		sum, err := stopped(o, at, func(c *session) error {
			reached = true
			if c == nil {
				return errPull // between sessions
			}
			_, err := db.ExecContext(t.Context(), fmt.Sprintf("KILL %d", c.ID))
			return err
		}).execute(t.Context())
		if !reached {
			t.Fatal("the load did not come there")
		}
		if err == nil {
			if !sum.Complete {
				t.Errorf("summary %+v", sum)
			}
			wantDump(t, s, d)
			return
		}
	}
	sum, err := run(t, o)
	must(t, err)
	if !sum.Resumed || !sum.Complete {
		t.Errorf("summary %+v", sum)
	}
	wantDump(t, s, d)
}

// column1 is the first column of a query.
func column1(t *testing.T, db *sql.DB, query string) (out []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var v string
		must(t, rows.Scan(&v))
		out = append(out, v)
	}
	must(t, rows.Err())
	return out
}
