package replica

import (
	"errors"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/mysql"
)

// TestConfigure holds the statement that each kind of target gets. Passwords are never in what is shown.
func TestConfigure(t *testing.T) {
	rds := func(names map[string]int) dialect { return dialect{number: 80036, procedures: names} }
	place := Place{File: "bin.000007", Position: 1234, GTIDSet: "0-1-2"}
	for _, c := range []struct {
		name    string
		speak   dialect
		by      By
		tls     bool
		assign  bool
		shown   string
		refused bool
	}{
		{name: "mysql 5.6 position", speak: dialect{old: true, number: 50624}, by: ByPosition,
			shown: `CHANGE MASTER TO MASTER_HOST='h''o\\st', MASTER_PORT=3307, MASTER_USER='u', MASTER_PASSWORD='<password>', MASTER_CONNECT_RETRY=10, MASTER_SSL=0, MASTER_LOG_FILE='bin.000007', MASTER_LOG_POS=1234, MASTER_AUTO_POSITION=0`},
		{name: "mysql 9.7 gtid", speak: dialect{number: 90704}, by: ByGTID, tls: true,
			shown: `CHANGE REPLICATION SOURCE TO SOURCE_HOST='h''o\\st', SOURCE_PORT=3307, SOURCE_USER='u', SOURCE_PASSWORD='<password>', SOURCE_CONNECT_RETRY=10, SOURCE_SSL=1, SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1`},
		{name: "mysql 9.7 assigns", speak: dialect{number: 90704}, by: ByPosition, assign: true,
			shown: `CHANGE REPLICATION SOURCE TO SOURCE_HOST='h''o\\st', SOURCE_PORT=3307, SOURCE_USER='u', SOURCE_PASSWORD='<password>', SOURCE_CONNECT_RETRY=10, SOURCE_SSL=0, SOURCE_LOG_FILE='bin.000007', SOURCE_LOG_POS=1234, SOURCE_AUTO_POSITION=0, GET_SOURCE_PUBLIC_KEY=1, ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS=LOCAL`},
		{name: "mariadb gtid", speak: dialect{old: true, mariadb: true, number: 101119}, by: ByGTID, tls: true,
			shown: `CHANGE MASTER TO MASTER_HOST='h''o\\st', MASTER_PORT=3307, MASTER_USER='u', MASTER_PASSWORD='<password>', MASTER_CONNECT_RETRY=10, MASTER_SSL=1, MASTER_SSL_VERIFY_SERVER_CERT=0, MASTER_USE_GTID=slave_pos`},
		{name: "aurora 1", speak: rds(map[string]int{"rds_set_external_master": 7}), by: ByPosition,
			shown: `CALL mysql.rds_set_external_master('h''o\\st', 3307, 'u', '<password>', 'bin.000007', 1234, 0)`},
		{name: "aurora 3 and rds 8.4 have both names", speak: rds(map[string]int{"rds_set_external_source": 7, "rds_set_external_master": 7}), by: ByPosition, tls: true,
			shown: `CALL mysql.rds_set_external_source('h''o\\st', 3307, 'u', '<password>', 'bin.000007', 1234, 1)`},
		{name: "aurora 3 gtid", speak: rds(map[string]int{"rds_set_external_source": 7, "rds_set_external_source_with_auto_position": 5}), by: ByGTID, tls: true,
			shown: `CALL mysql.rds_set_external_source_with_auto_position('h''o\\st', 3307, 'u', '<password>', 1)`},
		{name: "rds mysql gtid takes a delay", speak: rds(map[string]int{"rds_set_external_master": 7, "rds_set_external_master_with_auto_position": 6}), by: ByGTID,
			shown: `CALL mysql.rds_set_external_master_with_auto_position('h''o\\st', 3307, 'u', '<password>', 0, 0)`},
		{name: "rds mariadb gtid", speak: dialect{old: true, mariadb: true, procedures: map[string]int{"rds_set_external_master": 7, "rds_set_external_master_gtid": 6}}, by: ByGTID,
			shown: `CALL mysql.rds_set_external_master_gtid('h''o\\st', 3307, 'u', '<password>', '0-1-2', 0)`},
		{name: "a shape that is not known", speak: rds(map[string]int{"rds_set_external_source": 8}), by: ByPosition, refused: true},
		{name: "no procedure for GTIDs", speak: rds(map[string]int{"rds_set_external_master": 7}), by: ByGTID, refused: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := c.speak.configure(channel{host: `h'o\st`, port: 3307, user: "u", password: "Pa'ss\\word", by: c.by, tls: c.tls, assign: c.assign, place: place})
			if c.refused {
				if !errors.Is(err, ErrRefused) {
					t.Errorf("error %v, want ErrRefused", err)
				}
				return
			}
			if err != nil || s.shown != c.shown {
				t.Errorf("%v\ngot  %s\nwant %s", err, s.shown, c.shown)
			}
			managed := c.speak.managed()
			if want := `'Pa''ss\\word'`; !managed && !strings.Contains(s.sql, want) || managed && strings.Contains(s.sql, "ss") && strings.Contains(s.sql, "word") {
				t.Errorf("sent: %s", s.sql)
			}
			if managed && (strings.Count(s.sql, "?") != len(s.args) || s.args[3] != "Pa'ss\\word") {
				t.Errorf("sent: %s %v", s.sql, s.args)
			}
		})
	}
}

// TestIntervalCalls splits a GTID set for RDS, whose procedure takes one interval.
func TestIntervalCalls(t *testing.T) {
	const uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
	d := dialect{procedures: map[string]int{"rds_set_external_source_gtid_purged": 3}}
	steps, err := intervalCalls(uuid+":1-5:9, 4e11fa47-71ca-11e1-9e33-c80aa9429562:7", d)
	var got []string
	for _, s := range steps {
		got = append(got, s.shown)
	}
	want := "CALL mysql.rds_set_external_source_gtid_purged('" + uuid + "', 1, 5)\nCALL mysql.rds_set_external_source_gtid_purged('" + uuid + "', 9, 9)\n" +
		"CALL mysql.rds_set_external_source_gtid_purged('4e11fa47-71ca-11e1-9e33-c80aa9429562', 7, 7)"
	if err != nil || strings.Join(got, "\n") != want {
		t.Errorf("%v\n%s", err, strings.Join(got, "\n"))
	}
	if _, err := intervalCalls(uuid+":tag:1-5", d); !errors.Is(err, ErrRefused) {
		t.Errorf("a tag: %v", err)
	}
	if _, err := intervalCalls(uuid+":1-5", dialect{}); !errors.Is(err, ErrRefused) {
		t.Errorf("no procedure: %v", err)
	}
}

func TestParsePlace(t *testing.T) {
	for in, want := range map[string]Place{
		"bin.000001:120":        {File: "bin.000001", Position: 120},
		"a.b-bin.000123:999999": {File: "a.b-bin.000123", Position: 999999},
		"0-1-100":               {GTIDSet: "0-1-100"},
		"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:7": {GTIDSet: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:7"},
	} {
		got, err := ParsePlace(in)
		want.Given = true
		if got.Of = ""; err != nil || got != want {
			t.Errorf("%q: %+v %v", in, got, err)
		}
	}
	for _, in := range []string{"", "bin", "bin.000001:", "bin.000001:3", "bin.000001:x"} {
		if p, err := ParsePlace(in); err == nil {
			t.Errorf("%q: %+v", in, p)
		}
	}
}

// TestReaches compares places by the numbers of their files, which grow beyond six digits.
func TestReaches(t *testing.T) {
	for _, c := range []struct {
		a, b Point
		want bool
	}{
		{Point{"bin.000001", 5}, Point{"bin.000001", 5}, true},
		{Point{"bin.000001", 4}, Point{"bin.000001", 5}, false},
		{Point{"bin.1000000", 4}, Point{"bin.999999", 500}, true},
		{Point{"bin.000002", 900}, Point{"bin.000010", 4}, false},
	} {
		if got := c.a.reaches(c.b); got != c.want {
			t.Errorf("%s reaches %s: %v", c.a, c.b, got)
		}
	}
}

// TestPlaceOn takes the place in the log of the server that is given as source, and refuses one of another server.
func TestPlaceOn(t *testing.T) {
	server := func(uuid string, id uint64) *mysql.Server {
		return &mysql.Server{Facts: mysql.Facts{UUID: uuid, ServerID: id}, Options: mysql.Options{Host: "db", Port: 3306}}
	}
	places := []Place{{UUID: "u1", ServerID: 7, File: "own.000001"}, {Address: "primary:3306", File: "first.000001"}}
	if p, err := placeOn(places, server("u1", 8), "db:3306"); err != nil || p.File != "own.000001" {
		t.Errorf("the dumped server: %v %v", p, err)
	}
	if p, err := placeOn(places, server("u2", 9), "primary:3306"); err != nil || p.File != "first.000001" {
		t.Errorf("its primary: %v %v", p, err)
	}
	if _, err := placeOn(places, server("u2", 7), "db:3306"); !errors.Is(err, ErrRefused) {
		t.Errorf("another server: %v", err)
	}
	if p, err := placeOn([]Place{{ServerID: 7, File: "maria.000001"}}, server("", 7), "db:3306"); err != nil || p.File != "maria.000001" {
		t.Errorf("MariaDB: %v %v", p, err)
	}
}
