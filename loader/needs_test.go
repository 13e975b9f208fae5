package loader

import (
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/testdb"
	"github.com/gomove/gomove/transform"
)

// TestLoadTriesDefiners has DEFINER clauses that the account may not give: found before any row is loaded.
func TestLoadTriesDefiners(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		t.Cleanup(func() { s.Exec(t, "DROP USER plain@'%'") })
		s.Exec(t, "CREATE USER plain@'%' IDENTIFIED BY 'x'", "GRANT ALL ON `"+schema+"`.* TO plain@'%'", "GRANT ALL ON gomove.* TO plain@'%'")
		d := &testDump{
			schema: schema, tables: []testTable{numbered(10, 0)},
			views: [][2]string{{"v", "CREATE DEFINER=`root`@`%` VIEW `v` AS select 1 AS `a`;\n"}},
		}
		for _, c := range []struct {
			name    string
			user    mysql.Options
			definer transform.Definer
			want    []string
		}{
			{"unknown", target(s), transform.Definer{Action: transform.ReplaceDefiner, Account: "app@10.0.%"}, []string{"--definer app@10.0.%", "no such account"}},
			{"another's", plain(s), transform.Definer{Action: transform.ReplaceDefiner, Account: "root@localhost"}, []string{"--definer root@localhost", "1227"}},
			{"kept", plain(s), transform.Definer{Action: transform.KeepDefiner}, []string{"--definer keep", "view `" + schema + "`.`v`", "root@%", "1227"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				o := options(s, d.write(t))
				o.Target, o.Definer = c.user, c.definer
				sum, err := run(t, o)
				wantError(t, err, nil, append(c.want, "no row was loaded")...)
				if sum.Rows != 0 || count(t, s.DB(t), "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='"+schema+"'") != 0 {
					t.Error("something was loaded")
				}
				noProgress(t, s.DB(t))
			})
		}
		o := options(s, d.write(t))
		o.Definer = transform.Definer{Action: transform.KeepDefiner}
		d.views[0][1] = strings.Replace(d.views[0][1], "`root`@`%`", "`gone`@`%`", 1)
		d.id = ""
		o.From = d.write(t)
		sum, err := run(t, o)
		must(t, err)
		if len(sum.Warnings) != 1 || !strings.Contains(sum.Warnings[0], "gone@%") {
			t.Errorf("warnings %q", sum.Warnings)
		}
		noProgress(t, s.DB(t))
	})
}

func plain(s *testdb.Server) mysql.Options {
	o := target(s)
	o.User, o.Password = "plain", "x"
	return o
}

// TestLoadTriesFunctions has a target that lets only SUPER create functions and triggers.
func TestLoadTriesFunctions(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		t.Cleanup(func() { s.Exec(t, "DROP USER plain@'%'") })
		s.Exec(t, "CREATE USER plain@'%' IDENTIFIED BY 'x'", "GRANT ALL ON `"+schema+"`.* TO plain@'%'", "GRANT ALL ON gomove.* TO plain@'%'")
		trigger := numbered(10, 0)
		trigger.names, trigger.triggers = []string{"tr"}, "CREATE TRIGGER `tr` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.v='fired';\n"
		safe := "CREATE FUNCTION `safe`() RETURNS int DETERMINISTIC RETURN 1;\n"
		unsafe := "CREATE FUNCTION `unsafe`() RETURNS int NOT DETERMINISTIC MODIFIES SQL DATA RETURN 1;\n"
		for _, c := range []struct {
			name   string
			dump   *testDump
			target mysql.Options
			want   []string
		}{
			{"trigger", &testDump{schema: schema, tables: []testTable{trigger}}, plain(s), []string{"trigger `" + schema + "`.`tr`", "1419"}},
			{"function", &testDump{schema: schema, procs: []string{"function safe"}, post: safe, tables: []testTable{numbered(10, 0)}}, plain(s), []string{"function `" + schema + "`.`safe`", "1419"}},
			{"unsafe function", &testDump{schema: schema, procs: []string{"function safe", "function unsafe"}, post: unsafe + safe, tables: []testTable{numbered(10, 0)}}, target(s), []string{"function `" + schema + "`.`unsafe`", "1418"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				o := options(s, c.dump.write(t))
				o.Target = c.target
				sum, err := run(t, o)
				wantError(t, err, nil, append(c.want, "no row was loaded")...)
				if sum.Rows != 0 {
					t.Error("rows were loaded")
				}
				noProgress(t, s.DB(t))
			})
		}
		o := options(s, (&testDump{schema: schema, procs: []string{"function safe"}, post: safe, tables: []testTable{trigger}}).write(t))
		_, err := run(t, o)
		must(t, err)
	}, testdb.WithArgs("--log-bin-trust-function-creators=0"))
}

func TestDeclaresData(t *testing.T) {
	for text, want := range map[string]bool{
		"CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1":                                    true,
		"CREATE FUNCTION f() RETURNS int NOT DETERMINISTIC RETURN 1":                                false,
		"CREATE FUNCTION f(deterministic INT) RETURNS int(11) RETURN 1":                             false,
		"CREATE FUNCTION f() RETURNS char(1) CHARSET utf8mb4 NO SQL COMMENT 'x' BEGIN RETURN 1;END": true,
		"CREATE FUNCTION f() RETURNS int COMMENT 'DETERMINISTIC' READS SQL DATA RETURN 1":           true,
		"CREATE FUNCTION f() RETURNS int BEGIN DECLARE deterministic INT; RETURN 1; END":            false,
	} {
		if got := declaresData([]byte(text), transform.Mode{Charset: "utf8mb4"}); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
