package loader

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
	"github.com/gomove/gomove/transform"
)

func TestAlterHeader(t *testing.T) {
	for _, c := range []struct {
		sql  string
		want header
	}{
		{"ALTER DATABASE `a``b` CHARACTER SET latin1 COLLATE latin1_bin", header{verb: "ALTER", kind: "database", name: "a`b", on: "latin1_bin"}},
		{"alter schema s collate `binary`", header{verb: "ALTER", kind: "database", name: "s", on: "binary"}},
		{"ALTER DATABASE s CHARACTER SET latin1", header{}},
		{"ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_bin", header{}},
		{"ALTER DATABASE s COLLATE latin1_bin ENCRYPTION='N'", header{}},
		{"ALTER DATABASE s READ ONLY=1", header{}},
		{"ALTER DATABASE s UPGRADE DATA DIRECTORY NAME", header{}},
		{"ALTER TABLE s COLLATE latin1_bin", header{}},
		{"ALTER USER x IDENTIFIED BY 'y'", header{}},
	} {
		t.Run(c.sql, func(t *testing.T) {
			if got := readHeader([]byte(c.sql), transform.Mode{Charset: "utf8mb4"}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// alteredDump has objects that were made while their schema had another collation, among others that were not.
func alteredDump(schema string) *testDump {
	alter := func(collation string) string {
		charset, _, _ := strings.Cut(collation, "_")
		return "ALTER DATABASE " + mysql.QuoteName(schema) + " CHARACTER SET " + charset + " COLLATE " + collation + ";\n"
	}
	one, two := numbered(3, 0), numbered(3, 0)
	one.names = []string{"one"}
	one.triggers = alter("latin1_bin") + "SET character_set_client=latin1;\nCREATE TRIGGER `one` BEFORE INSERT ON `t` FOR EACH ROW SET @x='\xe9';\nSET NAMES utf8mb4;\n" + alter("utf8mb4_unicode_ci")
	two.name, two.create = "u", strings.Replace(two.create, "`t`", "`u`", 1)
	two.names, two.triggers = []string{"two"}, "CREATE TRIGGER `two` BEFORE INSERT ON `u` FOR EACH ROW SET @x=1;\n" // it says nothing
	return &testDump{
		schema: schema, create: "CREATE DATABASE " + mysql.QuoteName(schema) + " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n",
		tables: []testTable{one, two}, procs: []string{"procedure a", "procedure b", "procedure c"}, events: []string{"e"},
		post: "CREATE PROCEDURE `a`(x VARCHAR(9)) SELECT x;\n" + alter("binary") + "CREATE PROCEDURE `b`(x VARCHAR(9)) SELECT x;\n" + alter("utf8mb4_unicode_ci") +
			"CREATE PROCEDURE `c`(x VARCHAR(9)) SELECT x;\n" + alter("sjis_bin") +
			"CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 00:00:00' DO SELECT 1;\n" + alter("utf8mb4_unicode_ci"),
	}
}

const thenCollations = "SELECT GROUP_CONCAT(n,' ',c ORDER BY n) FROM (" +
	"SELECT routine_name n, database_collation c FROM information_schema.routines WHERE routine_schema=%s" +
	" UNION ALL SELECT trigger_name, database_collation FROM information_schema.triggers WHERE trigger_schema=%s" +
	" UNION ALL SELECT event_name, database_collation FROM information_schema.events WHERE event_schema=%s) x"

func wantCollations(t *testing.T, s *testdb.Server, schema, now string) {
	t.Helper()
	var got string
	lit := mysql.QuoteString(schema)
	must(t, s.DB(t).QueryRowContext(t.Context(), strings.ReplaceAll(thenCollations, "%s", lit)).Scan(&got))
	if want := "a utf8mb4_unicode_ci,b binary,c utf8mb4_unicode_ci,e sjis_bin,one latin1_bin,two utf8mb4_unicode_ci"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	must(t, s.DB(t).QueryRowContext(t.Context(), "SELECT default_collation_name FROM information_schema.schemata WHERE schema_name="+lit).Scan(&got))
	if got != now {
		t.Errorf("the schema has %s, want %s", got, now)
	}
}

func TestLoadUnderCollations(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		plain := freshSchema(t, s)
		for _, name := range []struct{ name, from, to string }{
			{"same name", plain, plain},
			{"mapped to a name outside of ASCII", "src_" + plain, "zi\u00e9l_" + plain},
		} {
			t.Run(name.name, func(t *testing.T) {
				t.Cleanup(func() { s.Exec(t, "DROP DATABASE IF EXISTS "+mysql.QuoteName(name.to)) })
				o := options(s, alteredDump(name.from).write(t))
				o.Names.Schemas = map[string]string{name.from: name.to}
				for _, o.IfExists = range []IfExists{ExistsFail, ExistsDrop} {
					_, err := run(t, o)
					must(t, err)
					wantCollations(t, s, name.to, "utf8mb4_unicode_ci")
				}
				noProgress(t, s.DB(t))
			})
		}
	})
}

// TestLoadGivesCollationBack has an object that the target refuses while its schema is altered, and a run that died then.
func TestLoadGivesCollationBack(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		d := alteredDump(schema)
		good := d.post
		d.post = strings.Replace(good, "`b`(x VARCHAR(9)) SELECT x", "`b`(x VARCHAR(9)) SELECT x FROM", 1)
		o := options(s, d.write(t))
		_, err := run(t, o)
		wantError(t, err, nil, "procedure `"+schema+"`.`b`")
		var now string
		must(t, s.DB(t).QueryRowContext(t.Context(), "SELECT default_collation_name FROM information_schema.schemata WHERE schema_name='"+schema+"'").Scan(&now))
		if now != "utf8mb4_unicode_ci" {
			t.Errorf("the schema has %s", now)
		}
		s.Exec(t, "ALTER DATABASE "+schema+" COLLATE sjis_bin") // as a kill would leave it
		d.post = good
		o.From = d.write(t)
		_, err = run(t, o)
		must(t, err)
		wantCollations(t, s, schema, "utf8mb4_unicode_ci")
	})
}

func TestLoadRefusesAlterOfOtherSchema(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := freshSchema(t, s)
	d := alteredDump(schema)
	d.post = "ALTER DATABASE `test` CHARACTER SET latin1 COLLATE latin1_bin;\n"
	_, err := run(t, options(s, d.write(t)))
	wantError(t, err, ErrUnsafe, "line 1")
}

// TestGiveBackOnLostSession has the session killed that had altered the schema.
func TestGiveBackOnLostSession(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		ctx := t.Context()
		l := newLoad(options(s, (&testDump{schema: schema}).write(t)).withDefaults())
		must(t, l.connect(ctx))
		defer l.server.Close()
		one, err := l.open(ctx)
		must(t, err)
		defer one.discard()
		must(t, one.use(ctx, schema, nil, false, l.target))
		_, err = one.ExecContext(ctx, alterCollation(schema, "latin1_bin"))
		must(t, err)
		var id int64
		must(t, one.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&id))
		s.Exec(t, fmt.Sprintf("KILL %d", id))
		must(t, l.giveBack(ctx, one, schema, "utf8mb4_bin"))
		now, err := l.schemaCollation(ctx, schema)
		if err != nil || now != "utf8mb4_bin" {
			t.Errorf("the schema has %s (%v)", now, err)
		}
		if err := one.use(ctx, schema+"x", nil, false, l.target); !mysql.IsConnectionLost(err) {
			t.Errorf("error %v does not end the phase", err)
		}
	})
}
