package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// maskSecret is the key of masks in tests.
const maskSecret = "a key that is long enough for tests"

// personalData makes tables with what must not leave a server: an address as a unique key and as a foreign key, numbers, bytes.
func personalData(t *testing.T, s *testdb.Server) (schema string) {
	schema = s.Schema(t)
	for _, q := range []string{
		"ALTER DATABASE %s CHARACTER SET utf8mb4",
		"CREATE TABLE %s.customers (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(60) NOT NULL, phone VARCHAR(30) CHARACTER SET latin1, tax DECIMAL(12,2)," +
			" secret VARBINARY(20), token CHAR(36), born DATE, nick VARCHAR(20), score DOUBLE, age TINYINT UNSIGNED, seen TIMESTAMP(3) NULL UNIQUE, since DATETIME, start DATE, UNIQUE KEY email (email), KEY token (token), KEY nick (nick))",
		"CREATE TABLE %s.orders (id BIGINT PRIMARY KEY, email VARCHAR(60), total DECIMAL(10,2), note TEXT, CONSTRAINT o_c FOREIGN KEY (email) REFERENCES %[1]s.customers (email))",
		"CREATE TABLE %s.accounts (login VARCHAR(40) PRIMARY KEY, n INT)",
		"CREATE TABLE %s.logs (a INT, b CHAR(10), KEY (a)) ENGINE=MyISAM ROW_FORMAT=FIXED CHECKSUM=1",
		"CREATE VIEW %s.totals AS SELECT c.id, SUM(o.total) AS total FROM %[1]s.customers c JOIN %[1]s.orders o ON o.email = c.email GROUP BY c.id",
		"CREATE TRIGGER %s.audit BEFORE UPDATE ON %[1]s.orders FOR EACH ROW INSERT INTO logs VALUES (1, 'trigger')",
		"INSERT INTO %s.customers (email, phone, tax, secret, token, born, nick, score, age) VALUES ('Zoë@münchen.test', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
		"INSERT INTO %s.customers (email, phone, tax, secret, token, born, nick, score, age, seen, since, start)" +
			" SELECT CONCAT('person', n, '@private.test'), CONCAT('+49 (0)40 ', 100000+n), n*13.25, CONCAT('s', n), CONCAT('token', n), '1970-01-01' + INTERVAL n DAY, CONCAT('nick', n), n/7, n % 200," +
			" '2001-02-03 04:05:06.120' + INTERVAL 7919*n SECOND, '2001-02-03' + INTERVAL n DAY, '2001-02-03' + INTERVAL n DAY FROM %[1]s.n",
		"INSERT INTO %s.orders SELECT 3*n+k, CASE WHEN n %% 50 = 0 THEN NULL ELSE CONCAT('Person', n, '@private.test') END, n+k/4, CONCAT('note', n) FROM %[1]s.n, (SELECT 0 k UNION SELECT 1 UNION SELECT 2) x",
		"INSERT INTO %s.accounts SELECT CONCAT('login', n), n FROM %[1]s.n",
		"INSERT INTO %s.logs VALUES (1, 'a'), (2, 'b')",
		"DROP TABLE %s.n",
	} {
		if strings.HasPrefix(q, "INSERT INTO %s.customers (email, phone, tax, secret, token, born, nick, score, age) V") {
			s.Exec(t, "CREATE TABLE "+schema+".n (n INT)")
			s.Exec(t, "INSERT INTO "+schema+".n SELECT a+10*b+1 FROM (SELECT 0 a UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) x,"+
				"(SELECT 0 b UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) y")
		}
		q = strings.ReplaceAll(q, "%%", "%")
		s.Exec(t, strings.ReplaceAll(strings.ReplaceAll(q, "%[1]s", schema), "%s", schema))
	}
	return schema
}

// transformFlags are those of the test, with the schema of the source under another name.
func transformArgs(schema, to string) []string {
	var args []string
	for _, a := range []string{
		"--mask customers.email=email", "--mask orders.email=email", "--mask customers.phone=digits", "--mask customers.tax=hash", "--mask customers.secret=hash",
		"--mask customers.born=null", "--mask customers.nick=fixed:anonymous", "--mask customers.score=digits", "--mask customers.age=hash", "--mask accounts.login=hash",
		"--mask customers.seen=hash", "--mask customers.since=hash", "--mask customers.start=hash",
		"--exclude-columns customers=token", "--columns orders=id,email,total",
	} {
		flag, value, _ := strings.Cut(a, " ")
		args = append(args, flag, schema+"."+value)
	}
	return append(args, "--engine", "innodb", "--schema-map", schema+"="+to, "--table-map", schema+".accounts="+to+".people")
}

// withKey runs gomove with the key of masks in the environment.
func withKey(t *testing.T, args ...string) result {
	t.Helper()
	r := startChanged(t, func(c *exec.Cmd) { c.Env = append(c.Env, maskKeyVariable+"="+maskSecret) }, args...).wait(t)
	if r.code != 0 {
		t.Fatalf("gomove %q: exit %d\nstdout: %s\nstderr: %s", args, r.code, r.stdout, r.stderr)
	}
	return r
}

// maskedTables are all rows of the test's tables, for a comparison.
func maskedTables(t *testing.T, s *testdb.Server, schema string) map[string][][]string {
	out := map[string][][]string{}
	for table, order := range map[string]string{"customers": "id", "orders": "id", "people": "n", "logs": "a"} {
		out[table] = s.Query(t, "SELECT * FROM "+schema+"."+table+" ORDER BY "+order)
	}
	return out
}

// TestTransforms moves personal data with every transform, once while it is dumped and once while it is loaded: both give the same
// tables, in which joins match and nothing of the original is left.
func TestTransforms(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := personalData(t, s)
			byDump, byLoad, byCopy := schema+"_d", schema+"_l", schema+"_c"
			dropAfter(t, s, byDump, byLoad, byCopy)
			masked, plain := filepath.Join(t.TempDir(), "masked"), filepath.Join(t.TempDir(), "plain")
			r := withKey(t, dumpArgs(s, masked, append(transformArgs(schema, byDump), "-B", schema, "--compress", "none", "-t", "2")...)...)
			for _, want := range []string{"masked by email (2 times", "engine MyISAM becomes InnoDB", "is not moved", "becomes schema `" + byDump + "`", "index `token`"} {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("the dump's summary does not say %q:\n%s", want, r.stdout)
				}
			}
			requireNoTrace(t, masked)
			mustRun(t, loadArgs(s, masked)...)
			mustRun(t, "verify", "-d", masked, "--target", uriOf(s), "--progress", "none")
			mustRun(t, dumpArgs(s, plain, "-B", schema)...)
			r = withKey(t, loadArgs(s, plain, append(transformArgs(schema, byLoad), "-t", "2")...)...)
			for _, want := range []string{"masked by email (2 times", "engine MyISAM becomes InnoDB", "is not moved", "index `token`"} {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("the load's summary does not say %q:\n%s", want, r.stdout)
				}
			}
			r = withKey(t, append([]string{"copy", "--source", uriOf(s), "--target", uriOf(s), "-B", schema, "--progress", "none", "--verify"}, transformArgs(schema, byCopy)...)...)
			for _, want := range []string{"masked by email (2 times", "engine MyISAM becomes InnoDB", "is not moved", "becomes schema `" + byCopy + "`"} {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("the copy's summary does not say %q:\n%s", want, r.stdout)
				}
			}
			a := maskedTables(t, s, byDump)
			for _, to := range []string{byLoad, byCopy} {
				if diff := cmp.Diff(a, maskedTables(t, s, to)); diff != "" {
					t.Errorf("masked by the dump (-) and in %s (+):\n%s", to, diff)
				}
			}
			for _, table := range []string{"customers", "orders", "people", "logs"} {
				x, y := s.Query(t, "SHOW CREATE TABLE "+byDump+"."+table)[0][1], s.Query(t, "SHOW CREATE TABLE "+byLoad+"."+table)[0][1]
				if diff := cmp.Diff(x, y); diff != "" {
					t.Errorf("%s (-dump +load):\n%s", table, diff)
				}
				if !strings.Contains(x, "ENGINE=InnoDB") || strings.Contains(x, "ROW_FORMAT=FIXED") {
					t.Errorf("%s: %s", table, x)
				}
			}
			for _, to := range []string{byDump, byLoad} {
				requireMasked(t, s, schema, to)
				withKey(t, append(append([]string{"verify", "--source", uriOf(s), "--target", uriOf(s), "-B", schema, "--progress", "none"}, transformArgs(schema, to)...), "--recheck", "0")...)
				withKey(t, append([]string{"verify", "-d", plain, "--target", uriOf(s), "--progress", "none"}, transformArgs(schema, to)...)...)
			}
		})
	}
}

// requireMasked compares what a mask keeps with the source: joins, forms, what was not masked.
func requireMasked(t *testing.T, s *testdb.Server, schema, to string) {
	t.Helper()
	for name, q := range map[string]string{
		"joins":   "SELECT id, total FROM %s.totals ORDER BY id",
		"orders":  "SELECT id, total, email IS NULL FROM %s.orders ORDER BY id",
		"numbers": "SELECT id, tax IS NULL, CHAR_LENGTH(tax), phone IS NULL, CHAR_LENGTH(phone), LEFT(phone, 1), secret IS NULL FROM %s.customers ORDER BY id",
		"counts":  "SELECT COUNT(*), COUNT(DISTINCT email), COUNT(DISTINCT phone), COUNT(DISTINCT tax), COUNT(DISTINCT secret), COUNT(DISTINCT age), COUNT(DISTINCT seen), SUM(since = start) FROM %s.customers",
	} {
		if diff := cmp.Diff(s.Query(t, fmt.Sprintf(q, schema)), s.Query(t, fmt.Sprintf(q, to))); diff != "" {
			t.Errorf("%s (-source +masked):\n%s", name, diff)
		}
	}
	for _, q := range []string{
		"SELECT COUNT(*) FROM " + to + ".customers m JOIN " + schema + ".customers c ON c.id = m.id WHERE m.email = c.email OR m.phone = c.phone OR m.secret = c.secret OR m.seen = c.seen OR m.since = c.since OR m.born IS NOT NULL OR m.nick <> 'anonymous'",
		"SELECT COUNT(*) FROM " + to + ".customers WHERE email NOT LIKE '%@example.com'",
		"SELECT COUNT(*) FROM " + to + ".people WHERE login LIKE 'login%'",
		"SELECT COUNT(*) - 100 FROM " + to + ".people",
	} {
		if got := s.Query(t, q)[0][0]; got != "0" {
			t.Errorf("%s: %s", q, got)
		}
	}
}

// requireNoTrace looks for the original values in every file of a dump, also as the hex of key bounds.
func requireNoTrace(t *testing.T, dir string) {
	t.Helper()
	for path, text := range filesBelow(t, dir, "*") {
		for _, secret := range []string{"private.test", "nick", "token1", "login1", "+49 (0)40 1000", fmt.Sprintf("%x", "login"), maskSecret} {
			if strings.Contains(text, secret) && !strings.HasSuffix(path, "-schema.sql") && filepath.Base(path) != "tables.jsonl" {
				t.Errorf("%s holds %q", path, secret)
			}
		}
	}
}

// dropAfter drops schemas at the end of the test.
func dropAfter(t *testing.T, s *testdb.Server, schemas ...string) {
	t.Cleanup(func() {
		for _, name := range schemas {
			s.Exec(t, "DROP DATABASE IF EXISTS "+name)
		}
	})
}

// TestTransformsRefused lists what is refused before anything is written or changed.
func TestTransformsRefused(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := personalData(t, s)
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(maskSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	mustRun(t, dumpArgs(s, plain, "-B", schema)...)
	withFile := func(args ...string) []string { return append(args, "--mask-key-file", key) }
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--mask", schema + ".customers.email=hash"}, 2, "it needs a key"},
		{[]string{"--mask", schema + ".customers.email=hash", "--mask-key-file", short}, 2, "can be guessed"},
		{withFile("--mask", schema+".customers.email=rot13"), 2, "no method"},
		{withFile("--mask", schema+".customers.mail=hash"), 1, "column `mail`"},
		{withFile("--mask", schema+".customer.email=hash"), 1, "did you mean customers?"},
		{withFile("--mask", schema+".customers.id=hash"), 1, "AUTO_INCREMENT"},
		{withFile("--mask", schema+".customers.email=hash"), 1, "foreign key `o_c`"},
		{withFile("--mask", schema+".orders.email=hash", "--mask", schema+".customers.email=email"), 1, "foreign key `o_c`"},
		{withFile("--mask", schema+".accounts.login=fixed:x"), 1, "unique key takes one value once"},
		{withFile("--mask", schema+".customers.email=hash", "--mask", "*.customers.email=email"), 1, "are for one column"},
		{[]string{"--exclude-columns", schema + ".accounts=login"}, 1, "primary key"},
		{[]string{"--columns", schema + ".customers=email"}, 1, "primary key"},
		{[]string{"--columns", schema + ".customers"}, 2, "no ="},
		{[]string{"--engine", "myisam"}, 2, "use innodb"},
		{[]string{"--collation-map", "utf8mb4"}, 2, "FROM=TO"},
		{[]string{"--table-map", schema + ".accounts=TO.orders"}, 1, "one"},
		{[]string{"--schema-map", "nowhere=somewhere"}, 1, "nowhere"},
	} {
		to := filepath.Join(t.TempDir(), "to")
		into := func(name string) (args []string) {
			for _, a := range c.args {
				args = append(args, strings.Replace(a, "=TO.", "="+name+".", 1))
			}
			return args
		}
		for command, r := range map[string]result{
			"dump": runBinary(t, dumpArgs(s, to, append([]string{"-B", schema}, into(schema)...)...)...),
			"load": runBinary(t, loadArgs(s, plain, append([]string{"--schema-map", schema + "=" + schema + "_no"}, into(schema+"_no")...)...)...),
		} {
			if r.code != c.code || !strings.Contains(r.stderr, c.says) {
				t.Errorf("%s %q: exit %d, want %d and %q\n%s%s", command, c.args, r.code, c.code, c.says, r.stdout, r.stderr)
			}
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("dump %q has made its directory", c.args)
		}
		if got := s.Query(t, "SHOW DATABASES LIKE '"+schema+"\\_no'"); len(got) > 0 {
			t.Fatalf("load %q has made the schema", c.args)
		}
	}
}
