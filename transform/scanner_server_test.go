package transform

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// oddScript writes rows whose text shows how quotes, comments and delimiters were understood.
const oddScript = `-- a comment; with ' a quote
#another; one
CREATE TABLE l (n int AUTO_INCREMENT PRIMARY KEY, v varbinary(200));
INSERT INTO l (v) VALUES ('a;b'), ("c;'d"), ('it''s;'), ('back\\'), ('quo\';te'), ("x""y;");
/* a block; ' */ INSERT INTO l (v) VALUES ('after') -- ; tail '
; INSERT INTO l (v) VALUES /* ; */ ('--'), ('#'); # x; y
INSERT INTO l (v) VALUES (5--3), (5 --3
);
/*!40101 INSERT INTO l (v) VALUES ('versioned;') */;
/*!99999 INSERT INTO l (v) VALUES ('never') */;
/*!40101 SET @old_mode=@@SQL_MODE, SQL_MODE='NO_BACKSLASH_ESCAPES' */;
INSERT INTO l (v) VALUES ('\'), ('a\;');
SET SQL_MODE=@OLD_MODE;
INSERT INTO l (v) VALUES ('\\\'');
DELIMITER $$
CREATE PROCEDURE p()
BEGIN
  -- it's; DELIMITER
  INSERT INTO l (v) VALUES ('in p;'); # ;
  INSERT INTO l (v) VALUES ('$');
END$$
CALL p()$$
delimiter ;
CALL p();
DELIMITER //
/*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 TRIGGER g BEFORE DELETE ON l FOR EACH ROW BEGIN
SET @x='//'; SET @y=1; /* // */ END */ //
DELIMITER ;
INSERT INTO l (v) VALUES ('last')`

// modesScript holds what clients know too little for: they do not follow SET NAMES, and that of 5.6 not ANSI_QUOTES.
const modesScript = `SET sql_mode='ANSI_QUOTES';
CREATE TABLE "o;\" (c int); INSERT INTO "o;\" VALUES (1); INSERT INTO l (v) SELECT 'ansi;' FROM "o;\";
SET SQL_MODE='';
DROP TABLE ` + "`o;\\`" + `;
/*!40101 SET @saved_cs_client=@@character_set_client */;
SET NAMES sjis;
INSERT INTO l (v) VALUES (_binary'` + "\x83\x5c" + `'), ('x;');
SET character_set_client = @saved_cs_client;
SET NAMES gbk;
INSERT INTO l (v) VALUES (_binary'` + "\x81\x5c" + `'), ("` + "\x81\x5c" + `;"), (';');
SET NAMES latin1; INSERT INTO l (v) VALUES (_binary'` + "\x83\\\\" + `');`

// TestScannerServers runs a script by the server's own client and by the scanner: the same rows must come of it.
func TestScannerServers(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			byClient, byScanner := s.Schema(t), s.Schema(t)
			client := s.Client(t, "--default-character-set=latin1", "-D", byClient)
			client.Stdin = strings.NewReader(oddScript)
			if out, err := client.CombinedOutput(); err != nil {
				t.Fatalf("client: %v: %s", err, out)
			}
			db := s.DB(t)
			db.SetMaxOpenConns(1)
			run(t, db, "USE "+byScanner, "SET NAMES latin1", "SET sql_mode=''")
			replayScript(t, db, strings.NewReader(oddScript), Mode{Charset: "latin1"})
			want, got := logRows(t, db, byClient), logRows(t, db, byScanner)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("client and scanner differ: %s", diff)
			}
			if len(want) < 20 {
				t.Errorf("the client wrote %d rows only", len(want))
			}
			run(t, db, "DROP TRIGGER g", "DELETE FROM l")
			replayScript(t, db, strings.NewReader(modesScript), Mode{Charset: "latin1"})
			want = []string{"616E73693B", "835C", "783B", "815C", "815C3B", "3B", "835C"}
			if diff := cmp.Diff(want, logRows(t, db, byScanner)); diff != "" {
				t.Errorf("modes: %s", diff)
			}
		})
	}
}

// TestScannerReplaysDump loads what the distribution's mysqldump writes of odd objects.
func TestScannerReplaysDump(t *testing.T) {
	tool, err := exec.LookPath("mariadb-dump")
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: mariadb-dump is not installed")
	}
	s := testdb.Start(t, testdb.MariaDB)
	db := s.DB(t)
	db.SetMaxOpenConns(1)
	from, to := s.Schema(t), s.Schema(t)
	run(t, db, "USE "+from, "CREATE TABLE x (a int PRIMARY KEY, v varchar(99), b blob)", "INSERT INTO x VALUES (1,'\\';\\\\','\\\\'),(2,';''\n--',0x00275c1a0d0a)",
		"CREATE VIEW w AS SELECT a, ';' AS s FROM x", "SET sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
		"CREATE PROCEDURE p() BEGIN SELECT '\\', \"v\" FROM x; END", "SET sql_mode='', NAMES sjis",
		"CREATE FUNCTION f() RETURNS varchar(9) CHARSET sjis NO SQL RETURN '\x83\x5c'", "SET NAMES gbk",
		"CREATE TRIGGER g BEFORE INSERT ON x FOR EACH ROW BEGIN SET NEW.v = '\x81\x5c;;'; END", "SET NAMES utf8mb4",
		"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO BEGIN DELETE FROM x WHERE v=';'; END") // with ;; in an event mariadb-dump never ends
	args := []string{"--no-defaults", "-uroot", "-S", s.Socket, "--routines", "--triggers", "--events", from}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dump, err := exec.CommandContext(ctx, tool, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, "USE "+to)
	replayScript(t, db, strings.NewReader(string(dump)), Mode{Charset: "utf8mb4"})
	run(t, db, "SET NAMES binary")
	for _, o := range [][2]string{{"TABLE", "x"}, {"VIEW", "w"}, {"PROCEDURE", "p"}, {"FUNCTION", "f"}, {"TRIGGER", "g"}, {"EVENT", "e"}} {
		run(t, db, "USE "+from)
		want := showObject(t, db, o[0], o[1])
		run(t, db, "USE "+to)
		if diff := cmp.Diff(want, showObject(t, db, o[0], o[1])); diff != "" {
			t.Errorf("%s: %s", o[1], diff)
		}
	}
	var same int
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+from+".x JOIN "+to+".x AS y USING (a,v,b)").Scan(&same); err != nil || same != 2 {
		t.Errorf("%d equal rows, want 2: %v", same, err)
	}
}

// replayScript runs a script statement by statement.
func replayScript(t *testing.T, db *sql.DB, r io.Reader, m Mode) {
	t.Helper()
	s := NewScanner(r, m, 0)
	for {
		st, err := s.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(context.Background(), string(st.Text)); err != nil {
			t.Fatalf("line %d: %s: %v", st.Line, st.Text, err)
		}
	}
}

// logRows is the rows of l in hex.
func logRows(t *testing.T, db *sql.DB, schema string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT HEX(v) FROM "+schema+".l ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
