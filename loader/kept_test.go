package loader

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// skipDump has a table that the target has already and one that it lacks, which refers to it.
func skipDump(schema string) *testDump {
	there := numbered(100, 10)
	there.name, there.create = "there", strings.Replace(there.create, "`t`", "`there`", 1)
	there.create = strings.Replace(there.create, "  KEY `v`", "  CONSTRAINT `own` FOREIGN KEY (`id`) REFERENCES `fresh` (`id`),\n  KEY `v`", 1)
	there.names, there.triggers = []string{"tr"}, "CREATE DEFINER=`gone`@`x` TRIGGER `tr` BEFORE INSERT ON `there` FOR EACH ROW SET NEW.v='fired';\n"
	fresh := numbered(2000, 100)
	fresh.name, fresh.create = "fresh", strings.Replace(fresh.create, "`t`", "`fresh`", 1)
	return &testDump{schema: schema, tables: []testTable{there, fresh}}
}

// leave puts a table in the way that differs in everything.
func leave(t *testing.T, s *testdb.Server, schema string) {
	s.Exec(t, "CREATE DATABASE "+schema, "CREATE TABLE "+schema+".there (only INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO "+schema+".there VALUES (7)",
		"CREATE TRIGGER "+schema+".own BEFORE INSERT ON "+schema+".there FOR EACH ROW SET NEW.only=NEW.only+1")
}

// wantAlone fails when the table of leave was touched.
func wantAlone(t *testing.T, s *testdb.Server, schema string) {
	t.Helper()
	db := s.DB(t)
	wantRows(t, db, schema+".there", 1)
	wantRows(t, db, schema+".there WHERE only=7", 1)
	wantRows(t, db, "information_schema.statistics WHERE table_name='there' AND table_schema='"+schema+"'", 1)
	wantRows(t, db, "information_schema.triggers WHERE trigger_schema='"+schema+"'", 1)
	wantRows(t, db, "information_schema.table_constraints WHERE constraint_type='FOREIGN KEY' AND table_schema='"+schema+"'", 0)
}

func TestLoadLeavesTablesAlone(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		leave(t, s, schema)
		o := options(s, skipDump(schema).write(t))
		o.IfExists, o.After.Analyze = ExistsSkip, true
		o.DryRun = true
		sum, err := run(t, o)
		must(t, err)
		wantKept(t, sum, schema, "would load")
		o.DryRun = false
		sum, err = run(t, o)
		must(t, err)
		wantKept(t, sum, schema, "loaded")
		wantAlone(t, s, schema)
		wantRows(t, s.DB(t), schema+".fresh", 2000)
		if !sum.Complete || sum.Tables != 1 || sum.Rows != 2000 || sum.Chunks != 20 || sum.Triggers != 0 || len(sum.Definers) != 0 {
			t.Errorf("summary %+v", sum)
		}
		noProgress(t, s.DB(t))
	})
}

func wantKept(t *testing.T, sum *Summary, schema, state string) {
	t.Helper()
	if d := cmp.Diff([]string{"table `" + schema + "`.`there`"}, sum.KeptObjects); d != "" || sum.Kept != 1 || sum.TablesTotal != 1 {
		t.Errorf("kept %d of %d: %s", sum.Kept, sum.TablesTotal, d)
	}
	var b bytes.Buffer
	must(t, sum.WriteText(&b))
	for _, want := range []string{state + " dump", "kept     1 object as found: table `" + schema + "`.`there`\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("summary lacks %q:\n%s", want, b.String())
		}
	}
}

// TestLoadSkipResumes interrupts a load under skip: what it made itself is carried on with, what was there stays alone.
func TestLoadSkipResumes(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		leave(t, s, schema)
		h := &hooked{Reader: skipDump(schema).write(t), onChunk: func(n int64, _ *dump.Chunk) error {
			if n == 5 {
				return errPull
			}
			return nil
		}}
		o := options(s, h)
		o.IfExists, o.Threads = ExistsSkip, 1
		_, err := run(t, o)
		wantError(t, err, errPull)
		wantRows(t, s.DB(t), schema+".fresh", 400)
		h.onChunk = nil
		o.After.Restart = true
		_, err = run(t, o)
		wantError(t, err, ErrExists, "`fresh`", "--restart")
		if strings.Contains(err.Error(), "`there`") {
			t.Errorf("a table that was left alone is called half: %v", err)
		}
		o.After.Restart = false
		sum, err := run(t, o)
		must(t, err)
		wantKept(t, sum, schema, "loaded")
		wantAlone(t, s, schema)
		wantRows(t, s.DB(t), schema+".fresh", 2000)
		wantRows(t, s.DB(t), "information_schema.statistics WHERE table_name='fresh' AND index_name='v' AND table_schema='"+schema+"'", 1)
		if sum.ChunksSkipped != 4 || sum.Chunks != 16 || sum.Tables != 1 {
			t.Errorf("summary %+v", sum)
		}
		noProgress(t, s.DB(t))
	})
}

// TestLoadSkipOtherDump has another dump half loaded in a table that skip would take for whole.
func TestLoadSkipOtherDump(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := freshSchema(t, s)
	h := &hooked{Reader: skipDump(schema).write(t), onChunk: func(int64, *dump.Chunk) error { return errPull }}
	_, err := run(t, options(s, h))
	wantError(t, err, errPull)
	o := options(s, skipDump(schema).write(t))
	o.IfExists, o.After.Restart = ExistsSkip, true
	_, err = run(t, o)
	wantError(t, err, ErrExists, "`fresh`", "`there`")
	o.IfExists = ExistsDrop
	_, err = run(t, o)
	must(t, err)
	wantRows(t, s.DB(t), schema+".there", 100)
}

// TestLoadLeavesWhatTheTargetCannotHold leaves a table alone whose definition in the dump the target would refuse.
func TestLoadLeavesWhatTheTargetCannotHold(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL56)
	schema := freshSchema(t, s)
	leave(t, s, schema)
	d := &testDump{schema: schema, server: dump.ServerFacts{Flavor: "mysql", Version: "9.7.4", Number: 90704}, tables: []testTable{numbered(10, 0), {
		name: "there", create: "CREATE TABLE `there` (`id` int NOT NULL, `v` vector(3) DEFAULT NULL, `g` varchar(9) CHARACTER SET gb18030, PRIMARY KEY (`id`)) ENGINE=InnoDB",
		cols: []dump.Column{plainColumn("id", "int"), {Name: "v", Type: "vector(3)", Encoding: dump.Bytes, Nullable: true}, textColumn("g", "varchar(9)", "gb18030")},
		rows: [][]any{{1, nil, "x"}},
	}}}
	o := options(s, d.write(t))
	o.IfExists = ExistsDrop
	_, err := run(t, o)
	wantError(t, err, ErrUnsupported, "`there`", "vector", "column `g`", "--charset utf8mb4")
	wantAlone(t, s, schema)
	wantRows(t, s.DB(t), "information_schema.tables WHERE table_schema='"+schema+"'", 1)
	o.IfExists = ExistsSkip
	_, err = run(t, o)
	must(t, err)
	wantAlone(t, s, schema)
	wantRows(t, s.DB(t), schema+".t", 10)
}

// TestLoadLeavesSequencesAlone cuts a load off before its tables are made: the second run must not take the sequence,
// which was there before the first, for the work of that one.
func TestLoadLeavesSequencesAlone(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := freshSchema(t, s)
	s.Exec(t, "CREATE DATABASE "+schema, "CREATE SEQUENCE "+schema+".q START WITH 500")
	text := "CREATE SEQUENCE `q` start with 1 minvalue 1 maxvalue 9223372036854775806 increment by 1 cache 1000 nocycle ENGINE=InnoDB;\nDO SETVAL(`q`, 77, 0);\n"
	bad := numbered(10, 0)
	bad.create = strings.Replace(bad.create, "int(11)", "int(11) COMMENT '"+strings.Repeat("x", 2000)+"'", 1) // too long
	d := &testDump{schema: schema, server: dump.ServerFacts{Flavor: "mariadb", Version: "10.11.19", Number: 101119}, sequences: [][2]string{{"q", text}}, tables: []testTable{bad}}
	o := options(s, d.write(t))
	o.IfExists = ExistsSkip
	for range 2 {
		sum, err := run(t, o)
		wantError(t, err, nil, "`t`", "too long")
		if d := cmp.Diff([]string{"sequence `" + schema + "`.`q`"}, sum.KeptObjects); d != "" {
			t.Error(d)
		}
	}
	if got := count(t, s.DB(t), "SELECT NEXT VALUE FOR "+schema+".q"); got != 500 {
		t.Errorf("the sequence gave %d, want 500", got)
	}
}

// TestLoadRefusesCutFiles has files that end within a statement, though not within quotes.
func TestLoadRefusesCutFiles(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	for _, c := range []struct {
		name string
		post string
		cut  bool
	}{
		{"whole", "CREATE FUNCTION `f`() RETURNS int(11) DETERMINISTIC RETURN 2;\n", false},
		{"trailing comment", "CREATE FUNCTION `f`() RETURNS int(11) DETERMINISTIC RETURN 2;\n-- end", false},
		{"trailing empty versioned comment", "CREATE FUNCTION `f`() RETURNS int(11) DETERMINISTIC RETURN 2;\n/*!50003 */ ", false},
		{"routine", "CREATE FUNCTION `f`() RETURNS int(11) DETERMINISTIC RETURN 2", true},
		{"within a delimiter", "DELIMITER ;;\nCREATE FUNCTION `f`() RETURNS int(11) DETERMINISTIC BEGIN RETURN 2; END;\n", true},
		{"setting", "CREATE FUNCTION `f`() RETURNS int(11) DETERMINISTIC RETURN 2;\nSET sql_mode=''", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			schema := freshSchema(t, s)
			d := &testDump{schema: schema, tables: []testTable{numbered(10, 0)}, procs: []string{"function f"}, post: c.post}
			_, err := run(t, options(s, d.write(t)))
			if !c.cut {
				must(t, err)
				return
			}
			wantError(t, err, ErrDamaged, schema+"-schema-post.sql line ", "cut")
			wantRows(t, s.DB(t), "information_schema.schemata WHERE schema_name='"+schema+"'", 0)
		})
	}
}
