package transform

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDefinerApply(t *testing.T) {
	body := " p() BEGIN SELECT 'DEFINER=`a`@`b`'; /* DEFINER=x@y */ -- CREATE DEFINER=a@b VIEW\nEND"
	tests := []struct {
		name, in, old  string
		strip, replace string
	}{
		{"procedure", "CREATE DEFINER=`a`@`%` PROCEDURE" + body, "a@%",
			"CREATE PROCEDURE" + body, "CREATE DEFINER=`n``e`@`h` PROCEDURE" + body},
		{"unquoted", "create definer = root@localhost function f() returns int return 1", "root@localhost",
			"create function f() returns int return 1", "create definer = `n``e`@`h` function f() returns int return 1"},
		{"quotes", `CREATE DEFINER='a b@c''d'@"192.168.%" EVENT e`, "`a b@c'd`@192.168.%",
			"CREATE EVENT e", "CREATE DEFINER=`n``e`@`h` EVENT e"},
		{"spaces", "CREATE  DEFINER = `a` @`b`  EVENT e", "a@b", "CREATE  EVENT e", "CREATE  DEFINER = `n``e`@`h`  EVENT e"},
		{"spaces around at", "CREATE DEFINER=`a` @ `b` EVENT e", "a@b", "CREATE EVENT e", "CREATE DEFINER=`n``e`@`h` EVENT e"},
		{"current user", "CREATE DEFINER=CURRENT_USER VIEW v AS SELECT 1", "CURRENT_USER",
			"CREATE VIEW v AS SELECT 1", "CREATE DEFINER=`n``e`@`h` VIEW v AS SELECT 1"},
		{"current user call", "CREATE DEFINER=current_user ( ) VIEW v AS SELECT 1", "current_user",
			"CREATE VIEW v AS SELECT 1", "CREATE DEFINER=`n``e`@`h` VIEW v AS SELECT 1"},
		{"role", "CREATE DEFINER=`r` VIEW v AS SELECT 1", "r", "CREATE VIEW v AS SELECT 1", "CREATE DEFINER=`n``e`@`h` VIEW v AS SELECT 1"},
		{"view", "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`a`@`b` SQL SECURITY DEFINER VIEW `v` AS select `definer`='DEFINER=x@y'", "a@b",
			"CREATE OR REPLACE ALGORITHM=MERGE SQL SECURITY DEFINER VIEW `v` AS select `definer`='DEFINER=x@y'",
			"CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`n``e`@`h` SQL SECURITY DEFINER VIEW `v` AS select `definer`='DEFINER=x@y'"},
		{"view of mysqldump", "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`b` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 */", "a@b",
			"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 */",
			"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`n``e`@`h` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 */"},
		{"trigger of mysqldump", "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a='*/' */", "a@b",
			"/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a='*/' */",
			"/*!50003 CREATE*/ /*!50017 DEFINER=`n``e`@`h`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a='*/' */"},
		{"versioned, glued", "CREATE/*!50017DEFINER=`a`@`b`*/TRIGGER t", "a@b", "CREATE TRIGGER t", "CREATE/*!50017DEFINER=`n``e`@`h`*/TRIGGER t"},
		{"aggregate", "CREATE DEFINER=a@b AGGREGATE FUNCTION f(x int) RETURNS int RETURN 1", "a@b",
			"CREATE AGGREGATE FUNCTION f(x int) RETURNS int RETURN 1", "CREATE DEFINER=`n``e`@`h` AGGREGATE FUNCTION f(x int) RETURNS int RETURN 1"},
		{"package body", "CREATE DEFINER=a@b PACKAGE BODY p AS x int; END", "a@b", "CREATE PACKAGE BODY p AS x int; END", "CREATE DEFINER=`n``e`@`h` PACKAGE BODY p AS x int; END"},
		{"alter event", "ALTER DEFINER=a@b EVENT e ENABLE", "a@b", "ALTER EVENT e ENABLE", "ALTER DEFINER=`n``e`@`h` EVENT e ENABLE"},
		{"leading comment", "-- DEFINER=x@y\nCREATE DEFINER=a@b EVENT e", "a@b", "-- DEFINER=x@y\nCREATE EVENT e", "-- DEFINER=x@y\nCREATE DEFINER=`n``e`@`h` EVENT e"},
		{"user called event", "CREATE DEFINER=event@b EVENT e", "event@b", "CREATE EVENT e", "CREATE DEFINER=`n``e`@`h` EVENT e"},
		{"without a clause", "CREATE PROCEDURE" + body, "", "CREATE PROCEDURE" + body, "CREATE PROCEDURE" + body},
		{"table", "CREATE TABLE definer (DEFINER int) COMMENT='DEFINER=a@b'", "", "CREATE TABLE definer (DEFINER int) COMMENT='DEFINER=a@b'", "CREATE TABLE definer (DEFINER int) COMMENT='DEFINER=a@b'"},
		{"insert", "INSERT INTO t VALUES ('CREATE DEFINER=a@b VIEW')", "", "INSERT INTO t VALUES ('CREATE DEFINER=a@b VIEW')", "INSERT INTO t VALUES ('CREATE DEFINER=a@b VIEW')"},
		{"no end", "CREATE DEFINER=", "", "CREATE DEFINER=", "CREATE DEFINER="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, c := range []struct {
				d    Definer
				want string
			}{
				{Definer{Action: StripDefiner}, tt.strip}, {Definer{Action: KeepDefiner}, tt.in},
				{Definer{Action: ReplaceDefiner, Account: "`n``e`@h"}, tt.replace},
			} {
				out, old := c.d.Apply([]byte(tt.in), Mode{})
				if diff := cmp.Diff(c.want, string(out)); diff != "" {
					t.Error(diff)
				}
				if old != tt.old {
					t.Errorf("old account %q, want %q", old, tt.old)
				}
			}
		})
	}
}

func TestDefinerInClientCharset(t *testing.T) {
	in := "CREATE DEFINER=`\x83\x60`@`h` VIEW v AS SELECT '\x83\x5c'"
	out, _ := Definer{}.Apply([]byte(in), Mode{Charset: "sjis"})
	if want := "CREATE VIEW v AS SELECT '\x83\x5c'"; string(out) != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestParseDefiner(t *testing.T) {
	replace := func(account string) Definer { return Definer{Action: ReplaceDefiner, Account: account} }
	tests := []struct {
		in   string
		want Definer
		err  error
	}{
		{"strip", Definer{Action: StripDefiner}, nil},
		{"KEEP", Definer{Action: KeepDefiner}, nil},
		{"root@localhost", replace("root@localhost"), nil},
		{"x@%", replace("x@%"), nil},
		{"a@b@10.0.0.%", replace("`a@b`@10.0.0.%"), nil},
		{"'a@b'@'%'", replace("`a@b`@%"), nil},
		{"`x`@`h`", replace("x@h"), nil},
		{`"x""y"@h`, replace("`x\"y`@h"), nil},
		{"'x'@'a@b'", replace("x@`a@b`"), nil},
		{"x@`a@b`", replace("x@`a@b`"), nil},
		{"''@'h'", replace("``@h"), nil},
		{"a b@h", replace("`a b`@h"), nil},
		{"", Definer{}, ErrDefiner},
		{"x", Definer{}, ErrDefiner},
		{"x@", Definer{}, ErrDefiner},
		{"@h", Definer{}, ErrDefiner},
		{"'x'", Definer{}, ErrDefiner},
		{"'x@h", Definer{}, ErrDefiner},
		{"'x'h@h", Definer{}, ErrDefiner},
		{"x@'h", Definer{}, ErrDefiner},
		{"x@h h", Definer{}, ErrDefiner},
		{"x@'h' y", Definer{}, ErrDefiner},
	}
	for _, tt := range tests {
		got, err := ParseDefiner(tt.in)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%q: %v, %v; want %v, %v", tt.in, got, err, tt.want, tt.err)
		}
		if err != nil {
			continue
		}
		if again, err := ParseDefiner(got.Account); got.Account != "" && (again != got || err != nil) {
			t.Errorf("%q read again: %v, %v", got.Account, again, err)
		}
	}
}

func TestCreateName(t *testing.T) {
	tests := []struct{ in, want string }{
		{"CREATE TABLE `a``b` (x int)", "TABLE||a`b"},
		{"create table if not exists s . t (x int)", "TABLE|s|t"},
		{"CREATE TEMPORARY TABLE t (x int)", "TABLE||t"},
		{"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`b` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 */", "VIEW||v"},
		{"CREATE DEFINER=`a`@`b` PACKAGE BODY `s`.`p` AS END", "PACKAGE BODY|s|p"},
		{"CREATE DATABASE /*!32312 IF NOT EXISTS*/ `s` /*!40100 DEFAULT CHARACTER SET utf8mb4 */", "DATABASE||s"},
		{"CREATE SCHEMA s", "DATABASE||s"},
		{"CREATE SEQUENCE `q` start with 1", "SEQUENCE||q"},
		{"CREATE OR REPLACE TABLE t (x int)", "TABLE||t"},
		{"ALTER TABLE t ADD x int", ""},
		{"INSERT INTO t VALUES (1)", ""},
		{"CREATE TABLE", ""},
		{"", ""},
	}
	for _, tt := range tests {
		kind, schema, name, ok := CreateName([]byte(tt.in), Mode{})
		got := kind + "|" + schema + "|" + name
		if !ok {
			got = ""
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzDefiner(f *testing.F) {
	for _, head := range []string{
		"CREATE DEFINER=`a`@`%` PROCEDURE", "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER",
		"CREATE OR REPLACE ALGORITHM=MERGE DEFINER=CURRENT_USER() SQL SECURITY INVOKER VIEW", "create/**/definer='a'@h event",
		"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`b` SQL SECURITY DEFINER */\n/*!50001 VIEW",
		"CREATE DEFINER=r PACKAGE", "ALTER DEFINER=a@b EVENT", "SELECT 1, DEFINER=",
	} {
		f.Add([]byte(head), []byte(" x() SELECT 'CREATE DEFINER=a@b VIEW' */"), uint8(0))
		f.Add([]byte(head), []byte("\x83\x5c` DEFINER=`a`@`b`"), uint8(0xff))
	}
	f.Fuzz(func(t *testing.T, head, body []byte, bits uint8) {
		m := fuzzMode(bits)
		stmt := append(append([]byte{}, head...), body...)
		h := readHeader(stmt, m, 0)
		for _, d := range []Definer{{}, {Action: KeepDefiner}, {Action: ReplaceDefiner, Account: "`n`@`h`"}} {
			out, old := d.Apply(stmt, m)
			if !h.hasDefiner() {
				if old != "" || !bytes.Equal(out, stmt) {
					t.Fatalf("%q became %q", stmt, out)
				}
				continue
			}
			if rest := stmt[h.offset(h.after-1):]; !bytes.HasSuffix(out, rest) {
				t.Fatalf("%q lost its end: %q", stmt, out)
			}
			again, _ := d.Apply(out, m)
			if d.Action != StripDefiner && !bytes.Equal(again, out) {
				t.Fatalf("%q became %q, then %q", stmt, out, again)
			}
		}
	})
}
