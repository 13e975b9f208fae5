package loader

import (
	"testing"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// TestLoadSequences has a table whose default needs the sequence, which stands in a file of its own or in the schema's.
func TestLoadSequences(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	for _, inSchema := range []bool{false, true} {
		name := "own file"
		if inSchema {
			name = "schema file"
		}
		t.Run(name, func(t *testing.T) {
			schema := freshSchema(t, s)
			text := "CREATE SEQUENCE `q` start with 1 minvalue 1 maxvalue 9223372036854775806 increment by 1 cache 1000 nocycle ENGINE=InnoDB;\nDO SETVAL(`q`, 77, 0);\n"
			d := &testDump{schema: schema, server: dump.ServerFacts{Flavor: "mariadb", Version: "10.11.19", Number: 101119}, tables: []testTable{{
				name: "t", create: "CREATE TABLE `t` (`id` bigint NOT NULL DEFAULT nextval(`" + schema + "`.`q`), PRIMARY KEY (`id`)) ENGINE=InnoDB",
				cols: []dump.Column{plainColumn("id", "bigint")}, rows: [][]any{{1}, {2}},
			}}}
			if inSchema {
				d.post = text
			} else {
				d.sequences = [][2]string{{"q", text}}
			}
			r := d.write(t)
			sum, err := run(t, options(s, r))
			must(t, err)
			if sum.Sequences != 1 {
				t.Errorf("summary %+v", sum)
			}
			s.Exec(t, "INSERT INTO "+schema+".t VALUES ()")
			if got := count(t, s.DB(t), "SELECT MAX(id) FROM "+schema+".t"); got != 77 {
				t.Errorf("the sequence gave %d, want 77", got)
			}
			_, err = run(t, options(s, r))
			wantError(t, err, ErrExists, "sequence `"+schema+"`.`q`")
			if got := count(t, s.DB(t), "SELECT NEXT VALUE FOR "+schema+".q"); got != 78 {
				t.Errorf("the sequence gave %d, want 78", got)
			}
		})
	}
}

func TestLoadWithoutDefinitions(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		tt := numbered(100, 30)
		tt.create = ""
		d := &testDump{schema: schema, tables: []testTable{tt}, create: "-- nothing\n"}
		r := d.write(t)
		_, err := run(t, options(s, r))
		wantError(t, err, ErrUnsupported, "`t`")
		s.Exec(t, "CREATE DATABASE "+schema, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB")
		_, err = run(t, options(s, r))
		must(t, err)
		wantRows(t, s.DB(t), schema+".t", 100)
		_, err = run(t, options(s, r))
		wantError(t, err, ErrExists, "rows of table")
		o := options(s, r)
		o.IfExists = ExistsTruncate
		_, err = run(t, o)
		must(t, err)
		wantRows(t, s.DB(t), schema+".t", 100)
	})
}

// TestLoadPlainEngineWithGTIDs has a server that refuses a transaction with both kinds of tables: 1785.
func TestLoadPlainEngineWithGTIDs(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL97, testdb.WithArgs("--gtid-mode=ON", "--enforce-gtid-consistency=ON"))
	schema := freshSchema(t, s)
	tt := numbered(100, 30)
	tt.create = "CREATE TABLE `t` (`id` int NOT NULL, `v` varchar(20) CHARACTER SET utf8mb4 DEFAULT NULL, PRIMARY KEY (`id`)) ENGINE=MyISAM"
	d := &testDump{schema: schema, tables: []testTable{tt}}
	sum, err := run(t, options(s, d.write(t)))
	must(t, err)
	wantRows(t, s.DB(t), schema+".t", 100)
	if sum.Chunks != 4 {
		t.Errorf("summary %+v", sum)
	}
}

func TestLoadManyEmptyTables(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := freshSchema(t, s)
	d := &testDump{schema: schema}
	for i := range 300 {
		tt := numbered(0, 0)
		tt.name = "t" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		tt.create = "CREATE TABLE `" + tt.name + "` (`id` int NOT NULL, `v` varchar(20) DEFAULT NULL, PRIMARY KEY (`id`), KEY `v` (`v`)) ENGINE=InnoDB"
		d.tables = append(d.tables, tt)
	}
	sum, err := run(t, options(s, d.write(t)))
	must(t, err)
	if sum.Tables != 300 || sum.Indexes != 0 {
		t.Errorf("summary %+v", sum)
	}
	if n := count(t, s.DB(t), "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema='"+schema+"' AND index_name='v'"); n != 300 {
		t.Errorf("%d indexes", n)
	}
}
