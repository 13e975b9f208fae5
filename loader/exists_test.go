package loader

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
	"github.com/gomove/gomove/transform"
)

func TestLoadIfExists(t *testing.T) {
	for _, c := range []struct {
		exists IfExists
		want   int64
		err    error
	}{
		{ExistsFail, 2, ErrExists},
		{ExistsSkip, 2, nil},
		{ExistsTruncate, 100, nil},
		{ExistsDrop, 100, nil},
	} {
		t.Run(string(c.exists), func(t *testing.T) {
			eachServer(t, func(t *testing.T, s *testdb.Server) {
				schema := freshSchema(t, s)
				s.Exec(t, "CREATE DATABASE "+schema, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, v VARCHAR(20) CHARACTER SET latin1) ENGINE=InnoDB",
					"INSERT INTO "+schema+".t VALUES (1001,'a'),(1002,'b')", "CREATE VIEW "+schema+".v AS SELECT 1 AS old", "CREATE FUNCTION "+schema+".f() RETURNS INT DETERMINISTIC RETURN 1")
				tt := numbered(100, 30)
				tt.rows[0][1] = "\u00e9" // utf8 in the dump, latin1 in the table that is kept
				d := &testDump{
					schema: schema, tables: []testTable{tt}, views: [][2]string{{"v", "CREATE VIEW `v` AS select 2 AS `new`;\n"}},
					procs: []string{"function f"}, post: "CREATE FUNCTION `f`() RETURNS int(11) DETERMINISTIC RETURN 2;\n",
				}
				o := options(s, d.write(t))
				o.IfExists = c.exists
				_, err := run(t, o)
				db := s.DB(t)
				wantRows(t, db, schema+".t", c.want)
				if c.err != nil {
					wantError(t, err, c.err, "table `"+schema+"`.`t`", "view `"+schema+"`.`v`", "function `"+schema+"`.`f`", "--if-exists")
					noProgress(t, db)
					return
				}
				must(t, err)
				want := int64(1)
				if c.exists == ExistsDrop {
					want = 2
				}
				if got := count(t, db, "SELECT "+schema+".f()"); got != want {
					t.Errorf("the function gives %d, want %d", got, want)
				}
				if got := count(t, db, "SELECT * FROM "+schema+".v"); got != want {
					t.Errorf("the view gives %d, want %d", got, want)
				}
				if c.exists == ExistsSkip {
					return
				}
				var v string
				must(t, db.QueryRowContext(t.Context(), "SELECT HEX(CONVERT(v USING latin1)) FROM "+schema+".t WHERE id=1").Scan(&v))
				if v != "E9" {
					t.Errorf("text became %s, want E9", v)
				}
			})
		})
	}
}

func TestLoadInsertIntoOtherCharset(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		s.Exec(t, "CREATE DATABASE "+schema, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, v VARCHAR(20) CHARACTER SET latin1) ENGINE=InnoDB")
		tt := numbered(100, 0)
		tt.rows[0][1], tt.rows[1][1] = "\u00e9'\\", nil
		d := &testDump{schema: schema, tables: []testTable{tt}}
		o := options(s, d.write(t))
		o.IfExists, o.Via = ExistsTruncate, ViaInsert
		_, err := run(t, o)
		must(t, err)
		if got := count(t, s.DB(t), "SELECT COUNT(*) FROM "+schema+".t WHERE id=1 AND HEX(v)='E9275C' OR id=2 AND v IS NULL"); got != 2 {
			t.Errorf("%d of 2 rows are right", got)
		}
	})
}

func TestLoadRefusesTriggersOnKeptTables(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		s.Exec(t, "CREATE DATABASE "+schema, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB",
			"CREATE TRIGGER "+schema+".tr BEFORE INSERT ON "+schema+".t FOR EACH ROW SET NEW.v='fired'")
		d := &testDump{schema: schema, tables: []testTable{numbered(10, 0)}}
		o := options(s, d.write(t))
		o.IfExists = ExistsTruncate
		_, err := run(t, o)
		wantError(t, err, ErrExists, "trigger `"+schema+"`.`tr` of table `"+schema+"`.`t`", "nothing was changed")
		wantRows(t, s.DB(t), schema+".t", 0)
		noProgress(t, s.DB(t))
		s.Exec(t, "DROP TRIGGER "+schema+".tr", "CREATE TRIGGER "+schema+".tr AFTER DELETE ON "+schema+".t FOR EACH ROW SET @fired=1")
		s.Exec(t, "CREATE USER blind@'%' IDENTIFIED BY 'x'", "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES ON `"+schema+"`.* TO blind@'%'")
		defer s.Exec(t, "DROP USER blind@'%'")
		o.Target.User, o.Target.Password = "blind", "x"
		summary, err := run(t, o) // such triggers do not fire
		must(t, err)
		wantRows(t, s.DB(t), schema+".t", 10)
		if blind := strings.Contains(strings.Join(summary.Warnings, "\n"), "may not see triggers in `"+schema+"`"); blind != (s.Kind != testdb.MariaDB) {
			t.Errorf("warnings: %q", summary.Warnings)
		}
	})
}

func TestLoadMapsSchemas(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		other := freshSchema(t, s)
		o := options(s, shop(schema, dump.CSV).write(t))
		o.Names = transform.Names{Schemas: map[string]string{schema: other}}
		_, err := run(t, o)
		must(t, err)
		db := s.DB(t)
		wantRows(t, db, other+".orders", 3000)
		wantRows(t, db, other+".a_needs_b", 3000)
		if n := count(t, db, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name='"+schema+"'"); n != 0 {
			t.Error("the schema was made under its own name too")
		}
		if n := count(t, db, "SELECT COUNT(*) FROM information_schema.events WHERE event_schema='"+other+"'"); n != 2 {
			t.Errorf("%d events", n)
		}
	})
}

func TestLoadFindsOrphans(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		parent := testTable{
			name: "parent", create: "CREATE TABLE `parent` (`a` int NOT NULL, `b` varchar(9) NOT NULL, PRIMARY KEY (`a`,`b`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
			cols: []dump.Column{plainColumn("a", "int"), textColumn("b", "varchar(9)", "utf8mb4")}, rows: [][]any{{1, "x"}, {2, "y"}},
		}
		child := testTable{
			name: "child",
			create: "CREATE TABLE `child` (`id` int NOT NULL, `pa` int DEFAULT NULL, `pb` varchar(9) DEFAULT NULL, PRIMARY KEY (`id`), KEY `p` (`pa`,`pb`),\n" +
				"  CONSTRAINT `fk` FOREIGN KEY (`pa`,`pb`) REFERENCES `parent` (`a`,`b`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
			cols: []dump.Column{plainColumn("id", "int"), plainColumn("pa", "int"), textColumn("pb", "varchar(9)", "utf8mb4")},
			rows: [][]any{{1, 1, "x"}, {2, nil, "none"}, {3, 7, nil}, {4, 2, "y"}},
		}
		d := &testDump{schema: schema, tables: []testTable{parent, child}}
		_, err := run(t, options(s, d.write(t)))
		must(t, err)
		d.tables[1].rows = append(d.tables[1].rows, []any{5, 2, "x"})
		d.id = ""
		o := options(s, d.write(t))
		o.IfExists = ExistsDrop
		sum, err := run(t, o)
		wantError(t, err, ErrDiffers, "`fk`", "`child`", `"2"`, `"x"`)
		wantRows(t, s.DB(t), schema+".child", 5)
		if !sum.Complete {
			t.Error("the load ran to its end")
		}
	})
}

func TestLoadEnumZero(t *testing.T) {
	for _, format := range []dump.Format{dump.CSV, dump.SQL} {
		for _, via := range []Via{ViaLocalInfile, ViaInsert} {
			t.Run(string(format)+"/"+string(via), func(t *testing.T) {
				eachServer(t, func(t *testing.T, s *testdb.Server) {
					schema := freshSchema(t, s)
					tt := testTable{
						name: "t", create: "CREATE TABLE `t` (`id` int NOT NULL, `e` enum('a','b') CHARACTER SET utf8mb4 DEFAULT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB",
						cols: []dump.Column{plainColumn("id", "int"), textColumn("e", "enum('a','b')", "utf8mb4")},
						rows: [][]any{{1, "a"}, {2, "0"}, {3, nil}, {4, "0"}},
					}
					d := &testDump{schema: schema, tables: []testTable{tt}, format: format}
					o := options(s, d.write(t))
					o.Via = via
					_, err := run(t, o)
					must(t, err)
					if got := count(t, s.DB(t), "SELECT COUNT(*) FROM "+schema+".t WHERE id IN (2,4) AND e+0=0 OR id=1 AND e='a' OR id=3 AND e IS NULL"); got != 4 {
						t.Errorf("%d of 4 rows are right", got)
					}
					d.tables[0].rows = append(d.tables[0].rows, []any{5, "zz"})
					d.id = ""
					o = options(s, d.write(t))
					o.Via, o.IfExists = via, ExistsDrop
					_, err = run(t, o)
					wantError(t, err, nil, "column 'e' at row 5")
					wantRows(t, s.DB(t), schema+".t", 0)
				})
			})
		}
	}
}

func TestLoadLargeRowsByInsert(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		tt := testTable{
			name: "t", create: "CREATE TABLE `t` (`id` int NOT NULL, `b` longblob, `v` text CHARACTER SET latin1, PRIMARY KEY (`id`)) ENGINE=InnoDB",
			cols: []dump.Column{plainColumn("id", "int"), {Name: "b", Type: "longblob", Encoding: dump.Bytes, Nullable: true}, textColumn("v", "text", "latin1")},
			rows: [][]any{{1, "small", "\xe9"}, {2, strings.Repeat("\x00'", 1<<20), "\xe9"}, {3, nil, nil}, {4, strings.Repeat("x", 900_000), "y"}, {5, strings.Repeat("z", 900_000), "y"}},
		}
		for _, format := range []dump.Format{dump.CSV} {
			d := &testDump{schema: schema, tables: []testTable{tt}, format: format}
			o := options(s, d.write(t))
			o.Via, o.IfExists = ViaInsert, ExistsDrop
			_, err := run(t, o)
			must(t, err)
			if got := count(t, s.DB(t), "SELECT COUNT(*) FROM "+schema+".t WHERE id=1 AND HEX(v)='E9' OR id=2 AND b=REPEAT(X'0027',1048576) AND HEX(v)='E9' OR id=3 AND b IS NULL AND v IS NULL OR id>3 AND LENGTH(b)=900000"); got != 5 {
				t.Errorf("%d of 5 rows are right", got)
			}
		}
	}, testdb.WithArgs("--max-allowed-packet=3M"))
}

func TestLoadReportsViewsThatFail(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		d := &testDump{schema: schema, tables: []testTable{numbered(10, 0)}, views: [][2]string{
			{"bad", "CREATE VIEW `bad` AS select `x`.`id` AS `id` from `missing` `x`;\n"},
			{"good", "CREATE VIEW `good` AS select `t`.`id` AS `id` from `t`;\n"},
			{"no_column", "CREATE VIEW `no_column` AS select `t`.`gone` AS `id` from `t`;\n"},
			{"on_bad", "CREATE VIEW `on_bad` AS select `bad`.`id` AS `id` from `bad`;\n"},
		}}
		sum, err := run(t, options(s, d.write(t)))
		wantError(t, err, ErrDiffers, "view `"+schema+"`.`bad`", "bad-schema-view.sql line 1", "missing", "CREATE VIEW", "`no_column`", "`on_bad`")
		wantRows(t, s.DB(t), schema+".good", 10)
		if !sum.Complete || sum.Views != 1 || sum.Rows != 10 || len(sum.Differences) != 3 {
			t.Errorf("summary %+v", sum)
		}
		noProgress(t, s.DB(t))

		d.id, d.views = "", [][2]string{{"worse", "CREATE VIEW `worse` AS select `t`.`id` over and from `t`;\n"}, d.views[1]}
		o := options(s, d.write(t))
		o.IfExists = ExistsDrop
		sum, err = run(t, o)
		wantError(t, err, nil, "view `"+schema+"`.`worse`", "1064")
		var st *StatementError
		if !errors.As(err, &st) || st.Phase != "views" || errors.Is(err, ErrDiffers) {
			t.Errorf("error is %T", err)
		}
		if sum.Complete || sum.Views != 1 || sum.Rows != 10 {
			t.Errorf("summary %+v", sum)
		}
	})
}

func TestLoadReportsEventsThatAreGone(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		d := &testDump{schema: schema, tables: []testTable{numbered(1, 0)}, events: []string{"past", "kept"}, post: "CREATE EVENT `past` ON SCHEDULE AT '2020-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE DO DELETE FROM t;\n" +
			"CREATE EVENT `kept` ON SCHEDULE AT '2020-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE DO DELETE FROM t;\n"}
		sum, err := run(t, options(s, d.write(t)))
		wantError(t, err, ErrDiffers, "event `"+schema+"`.`past`", "PRESERVE")
		if !sum.Complete || sum.Events != 1 || len(sum.Differences) != 1 {
			t.Errorf("summary %+v", sum)
		}
		noProgress(t, s.DB(t))
	})
}

func TestLoadRefusesWhatTheTargetLacks(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL56)
	schema := freshSchema(t, s)
	d := &testDump{schema: schema, server: dump.ServerFacts{Flavor: "mysql", Version: "9.7.4", Number: 90704}, tables: []testTable{numbered(10, 0), {
		name: "j", create: "CREATE TABLE `j` (`id` int NOT NULL, `v` vector(3) DEFAULT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB",
		cols: []dump.Column{plainColumn("id", "int"), {Name: "v", Type: "vector(3)", Encoding: dump.Bytes}},
	}}}
	_, err := run(t, options(s, d.write(t)))
	wantError(t, err, ErrUnsupported, "`j`", "nothing was changed")
	if n := count(t, s.DB(t), "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name='"+schema+"'"); n != 0 {
		t.Error("the schema was created")
	}
}

func TestLoadDryRun(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := freshSchema(t, s)
	o := options(s, shop(schema, dump.CSV).write(t))
	o.DryRun = true
	sum, err := run(t, o)
	must(t, err)
	if n := count(t, s.DB(t), fmt.Sprintf("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name IN ('%s','gomove')", schema)); n != 0 {
		t.Error("something was created")
	}
	if sum.TablesTotal != 3 || sum.Complete {
		t.Errorf("summary %+v", sum)
	}
}

func TestLoadKeepsProgressWhenAsked(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := freshSchema(t, s)
	d := &testDump{schema: schema, tables: []testTable{numbered(100, 10)}}
	o := options(s, d.write(t))
	o.After.KeepProgress = true
	_, err := run(t, o)
	must(t, err)
	wantRows(t, s.DB(t), "gomove.progress WHERE kind='chunk'", 10)
	sum, err := run(t, o)
	must(t, err)
	if sum.Chunks != 0 || sum.ChunksSkipped != 10 {
		t.Errorf("summary %+v", sum)
	}
	wantRows(t, s.DB(t), schema+".t", 100)
	o.After.KeepProgress = false
	_, err = run(t, o)
	must(t, err)
	noProgress(t, s.DB(t))
}

func TestLoadWithFewRights(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		t.Cleanup(func() { s.Exec(t, "DROP USER few@'%'") })
		s.Exec(t, "CREATE USER few@'%' IDENTIFIED BY 'x'", "GRANT ALL ON `"+schema+"`.* TO few@'%'")
		d := &testDump{schema: schema, tables: []testTable{numbered(100, 10)}}
		h := &hooked{Reader: d.write(t), onChunk: func(n int64, _ *dump.Chunk) error {
			if n == 5 {
				return errPull
			}
			return nil
		}}
		o := options(s, h)
		o.Target.User, o.Target.Password = "few", "x"
		_, err := run(t, o)
		wantError(t, err, errPull)
		h.onChunk = nil
		sum, err := run(t, o)
		must(t, err)
		if sum.ChunksSkipped == 0 {
			t.Errorf("summary %+v", sum)
		}
		wantRows(t, s.DB(t), schema+".t", 100)
		if n := count(t, s.DB(t), "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='"+schema+"'"); n != 1 {
			t.Errorf("%d tables are left", n)
		}
	})
}
