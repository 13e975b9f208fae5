package dumper

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/testdb"
)

func TestValues(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "SET NAMES utf8mb4", "SET SESSION sql_mode=''", "CREATE TABLE "+schema+`.t (id INT PRIMARY KEY,
  f FLOAT, dd DOUBLE(30,10), d DOUBLE, y YEAR, z INT(6) ZEROFILL, dt DATE, l VARCHAR(9) CHARACTER SET latin1,
  u VARCHAR(9) CHARACTER SET utf16, b VARBINARY(9), bt BIT(9), dc DECIMAL(65,30))`,
			"INSERT INTO "+schema+`.t VALUES
  (1, 0.010516252390057362, 1.5, 2.2250738585072014e-308, 0, 42, '0000-00-00', 'é', 'é', x'00FF0A', b'100000001', 12345678901234567890123456789012345.123456789012345678901234567890),
  (2, 16777217, -0.25, 1e15, 1999, 1234567, '2020-00-01', '', '', '', 0, 0),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`)
		want := "1,0.010516252368688583,1.5,2.2250738585072014e-308,0000,000042,0000-00-00,\"\xe9\",\"\\0\xe9\",\"\\0\xff\\n\",\"\x01\x01\"," +
			"12345678901234567890123456789012345.123456789012345678901234567890\n" +
			"2,16777216,-0.25,1e15,1999,1234567,2020-00-01,\"\",\"\",\"\",\"\\0\\0\",0.000000000000000000000000000000\n" +
			"3" + strings.Repeat(`,\N`, 11) + "\n"
		d := mustDump(t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}}})
		if diff := cmp.Diff(want, d.text(t, schema+".t")); diff != "" {
			t.Error(diff)
		}
		d = mustDump(t, s, Options{Charset: "utf8mb4", Selection: catalog.Selection{Schemas: []string{schema}}})
		if got := d.text(t, schema+".t"); !strings.Contains(got, `0000-00-00,"é","é","\0`) {
			t.Errorf("with --charset utf8mb4: %q", got)
		}
	})
}

// On MySQL, f+0e0 turns -0 into 0.
func TestNegativeZero(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL97)
	schema := s.Schema(t)
	s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, f FLOAT, d DOUBLE)", "INSERT INTO "+schema+".t VALUES (1, -0e0, -0e0)")
	d := mustDump(t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}}})
	if diff := cmp.Diff("1,-0,-0\n", d.text(t, schema+".t")); diff != "" {
		t.Error(diff)
	}
}

func TestColumnsInDump(t *testing.T) {
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL97} {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, v INT AS (id+1) VIRTUAL, st INT AS (id+2) STORED, h INT INVISIBLE DEFAULT 7, j JSON, UNIQUE KEY (st))",
				"INSERT INTO "+schema+`.t (id, h, j) VALUES (1, 8, '{"a": "é"}')`)
			d := mustDump(t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}}})
			var got []string
			for _, c := range d.objects[schema+".t"].Columns {
				got = append(got, c.Name+" "+string(c.Encoding))
			}
			json := "j utf8mb4"
			if k == testdb.MariaDB {
				json = "j bytes" // a LONGTEXT
			}
			if diff := cmp.Diff([]string{"id plain", "h plain", json}, got); diff != "" {
				t.Error(diff)
			}
			if text := d.text(t, schema+".t"); text != "1,8,\"{\\\"a\\\": \\\"é\\\"}\"\n" {
				t.Errorf("row %q", text)
			}
		})
	}
}

// A unique key on a generated column cuts the table, and its values stay out of the file.
func TestGeneratedKey(t *testing.T) {
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL97} {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			notNull := " NOT NULL"
			if k == testdb.MariaDB {
				notNull = "" // which it refuses here
			}
			s.Exec(t, "CREATE TABLE "+schema+".t (a INT NOT NULL, g INT AS (a*3) STORED"+notNull+", pad CHAR(20), UNIQUE KEY (g))")
			s.Exec(t, "INSERT INTO "+schema+".t (a, pad) SELECT n, 'x' FROM "+testdb.Numbers(0, 9999), "ANALYZE TABLE "+schema+".t")
			d := mustDump(t, s, Options{ChunkBytes: 16 << 10, Selection: catalog.Selection{Schemas: []string{schema}}})
			d.checkRows(t, s, schema+".t", "")
			if len(d.chunks[schema+".t"]) < 4 || len(d.objects[schema+".t"].Columns) != 2 {
				t.Errorf("%d chunks, columns %v", len(d.chunks[schema+".t"]), d.objects[schema+".t"].Columns)
			}
		})
	}
}

func TestEnumIndexZero(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "SET SESSION sql_mode=''",
			"CREATE TABLE "+schema+".plain (id INT PRIMARY KEY, e ENUM('a','b'))", "INSERT INTO "+schema+".plain VALUES (1,'a'),(2,'nothing'),(3,NULL)",
			"CREATE TABLE "+schema+".empty (id INT PRIMARY KEY, e ENUM('a',''), x INT)", "INSERT INTO "+schema+".empty VALUES (1,'',9),(2,0,9),(3,NULL,9)",
			"CREATE TABLE "+schema+".wide (id INT PRIMARY KEY, e ENUM('a','b') CHARACTER SET utf16)", "INSERT INTO "+schema+".wide VALUES (1,0)",
			"CREATE TABLE "+schema+".zero (id INT PRIMARY KEY, e ENUM('a','0'))", "INSERT INTO "+schema+".zero VALUES (1,'0')")
		d := mustDump(t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}}})
		for table, want := range map[string]string{
			"plain": "1,\"a\"\n2,\"0\"\n3,\\N\n",
			"empty": "1,\"\",9\n2,\"0\",9\n3,\\N,9\n",
			"wide":  "1,\"\\00\"\n",
			"zero":  "1,\"0\"\n",
		} {
			if diff := cmp.Diff(want, d.text(t, schema+"."+table)); diff != "" {
				t.Errorf("%s: %s", table, diff)
			}
		}
		s.Exec(t, "SET SESSION sql_mode=''", "INSERT INTO "+schema+".zero VALUES (2,'nothing')")
		_, _, err := tryDump(t.Context(), t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}}})
		if err == nil || !strings.Contains(err.Error(), "dump "+schema+".zero chunk 0") || !strings.Contains(err.Error(), "member named 0") {
			t.Errorf("error %v", err)
		}
	})
}

func TestFormatsAgree(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := createShapes(t, s)
	var sums []string
	for _, o := range []Options{{}, {Format: dump.SQL}, {Compression: dump.Gzip}, {Compression: dump.None}} {
		o.Selection.Tables = []string{schema + ".ints"}
		sums = append(sums, mustDump(t, s, o).chunks[schema+".ints"][0].RowSum)
	}
	for _, sum := range sums[1:] {
		if sum != sums[0] {
			t.Errorf("row checksums %q differ by format", sums)
		}
	}
}

// Members that the dictionary prints as ? take a temporary table to read; without the privilege there is a warning.
func TestMembersWithoutTemporaryTables(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		s.Exec(t, "SET NAMES utf8mb4", "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, e ENUM('x?','😀') CHARACTER SET utf8mb4)",
			"CREATE USER 'm"+schema[:4]+"'@'%' IDENTIFIED BY 'pw'", "GRANT SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT ON "+schema+".* TO 'm"+schema[:4]+"'@'%'")
		t.Cleanup(func() { s.Exec(t, "DROP USER 'm"+schema[:4]+"'@'%'") })
		mustWarn := func(user, password string, want bool) {
			out, err := store.NewDir(filepath.Join(t.TempDir(), "dump"), store.ReadWrite)
			if err != nil {
				t.Fatal(err)
			}
			source := mysql.Options{Host: s.Host, Port: s.Port, User: user, Password: mysql.Secret(password)}
			sum, err := Run(t.Context(), Options{Source: source, Out: out, Log: quietLog(), Selection: catalog.Selection{Schemas: []string{schema}, NoRoutines: true}})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(strings.Join(sum.Warnings, " "), "members of column e"); got != want {
				t.Errorf("%s: warnings %q", user, sum.Warnings)
			}
		}
		mustWarn("root", "", false)
		mustWarn("m"+schema[:4], "pw", true)
	})
}
