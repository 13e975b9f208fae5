package accounts

import (
	"reflect"
	"strings"
	"testing"
)

const grantsOf = "GRANT SELECT, INSERT (`a`, `b,c`) ON `shop\\_x`.`t` TO `app`@`%` WITH GRANT OPTION;\n" +
	"GRANT EXECUTE ON PROCEDURE `s`.`p` TO `app`@`%`;\nGRANT BINLOG_ADMIN,SYSTEM_USER ON *.* TO `app`@`%`;\nREVOKE UPDATE ON `mysql`.* FROM `app`@`%`;\n" +
	"GRANT `r`@`%`,`q`@`%` TO `app`@`%` WITH ADMIN OPTION;\nGRANT PROXY ON ``@`` TO `app`@`%`;\nSET DEFAULT ROLE `r` FOR `app`@`%`;\n"

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       Account
	}{
		{"mysql 9", "SET NAMES utf8mb4;\nCREATE USER `app`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x2441003B27 DEFAULT ROLE `r`@`%` REQUIRE SUBJECT '/CN=a\\\\b' ISSUER 'it''s' " +
			"WITH MAX_USER_CONNECTIONS 3 PASSWORD EXPIRE INTERVAL 5 DAY ACCOUNT LOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT DEFAULT FAILED_LOGIN_ATTEMPTS 3 ATTRIBUTE '{\"a\": \"it\\'s\"}';",
			Account{Name: Name{"app", "%"}, Auth: []Auth{{"caching_sha2_password", "$A\x00;'"}}, Require: []string{`SUBJECT '/CN=a\\b'`, "ISSUER 'it''s'"}, Limits: []string{"MAX_USER_CONNECTIONS 3"},
				Options: []string{"PASSWORD EXPIRE INTERVAL 5 DAY", "FAILED_LOGIN_ATTEMPTS 3", `ATTRIBUTE '{"a": "it''s"}'`}, Locked: true, DefaultRoles: []Name{{"r", "%"}}}},
		{"a role of mysql", "CREATE USER `r`@`%` IDENTIFIED WITH 'caching_sha2_password' REQUIRE NONE PASSWORD EXPIRE ACCOUNT LOCK;",
			Account{Name: Name{"r", "%"}, Role: true, Auth: []Auth{{"caching_sha2_password", ""}}, Locked: true, Expired: true}},
		{"mariadb", "CREATE USER `o'dd``x`@`%` IDENTIFIED VIA ed25519 USING 'abc/=' OR unix_socket;",
			Account{Name: Name{"o'dd`x", "%"}, Auth: []Auth{{"ed25519", "abc/="}, {"unix_socket", ""}}}},
		{"mysql 5.6", "CREATE USER `a`@`h` IDENTIFIED BY PASSWORD '*AB';GRANT USAGE ON *.* TO `a`@`h` IDENTIFIED BY PASSWORD '*CD' REQUIRE SSL WITH GRANT OPTION MAX_QUERIES_PER_HOUR 5;",
			Account{Name: Name{"a", "h"}, Auth: []Auth{{nativePassword, "*AB"}}, Require: []string{"SSL"}, Limits: []string{"MAX_QUERIES_PER_HOUR 5"},
				Grants: []Grant{{Privileges: []Privilege{{Name: usage}}, Schema: "*", Object: "*", Option: true}}}},
		{"grants", "CREATE USER `app`@`%`;" + grantsOf, Account{
			Name: Name{"app", "%"}, DefaultRoles: []Name{{"r", ""}},
			Grants: []Grant{
				{Privileges: []Privilege{{Name: "SELECT"}, {"INSERT", []string{"a", "b,c"}}}, Schema: `shop\_x`, Object: "t", Option: true},
				{Privileges: []Privilege{{Name: "EXECUTE"}}, On: "PROCEDURE", Schema: "s", Object: "p"},
				{Privileges: []Privilege{{Name: "BINLOG_ADMIN"}, {Name: "SYSTEM_USER"}}, Schema: "*", Object: "*"},
				{Roles: []Name{{"r", "%"}, {"q", "%"}}, Option: true},
				{Proxy: &Name{}},
			},
			Revokes: []Grant{{Privileges: []Privilege{{Name: "UPDATE"}}, Schema: "mysql", Object: "*"}},
		}},
		{"what it does not know", "CREATE USER `a`@`h`;\nDROP USER root;\nGRANT SELECT ON *.* TO `other`@`%`;\nGRANT SELECT ON *.* TO `a`@`h` SURPRISE 1;",
			Account{Name: Name{"a", "h"}, Unread: []string{"line 2: DROP USER root ...", "line 3: GRANT SELECT ON * ...", "line 4: GRANT SELECT ON * ..."}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := Parse(strings.NewReader(tt.text))
			if err != nil || len(all) != 1 {
				t.Fatalf("%d accounts, %v", len(all), err)
			}
			if !reflect.DeepEqual(*all[0], tt.want) {
				t.Errorf("got\n%#v\nwant\n%#v", *all[0], tt.want)
			}
		})
	}
	for _, damaged := range []string{"GRANT SELECT ON *.* TO `a`@`h`;", "CREATE USER `a`@`h`", "CREATE USER `a`@`h` IDENTIFIED BY PASSWORD '*A"} {
		if _, err := Parse(strings.NewReader(damaged)); err == nil {
			t.Errorf("%s: no error", damaged)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("CREATE USER `app`@`%`;" + grantsOf)
	f.Add("CREATE USER 'a'@h IDENTIFIED VIA x USING 'y' OR z REQUIRE X509 WITH MAX_ ACCOUNT LOCK;GRANT (")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := Parse(strings.NewReader(text))
		if err == nil && len(all) > strings.Count(strings.ToUpper(text), "CREATE") {
			t.Errorf("%d accounts out of %q", len(all), text)
		}
	})
}

func TestFilter(t *testing.T) {
	for _, tt := range []struct {
		filter Filter
		name   Name
		want   bool
	}{
		{Filter{Wanted: true}, Name{"app", "%"}, true},
		{Filter{}, Name{"app", "%"}, false},
		{Filter{Wanted: true}, Name{"mysql.sys", "localhost"}, false},
		{Filter{Wanted: true}, Name{"AWS_LOAD_S3_ACCESS", "%"}, false},
		{Filter{Wanted: true, Include: []string{"app*"}}, Name{"other", "%"}, false},
		{Filter{Wanted: true, Include: []string{"app@10.*"}}, Name{"app", "10.%"}, true},
		{Filter{Wanted: true, Exclude: []string{"app@%"}}, Name{"app", "%"}, false},
		{Filter{Wanted: true, Exclude: []string{"app@%"}}, Name{"app", "h"}, true},
	} {
		if got := tt.filter.takes(tt.name); got != tt.want {
			t.Errorf("%+v takes %s: %t", tt.filter, tt.name, got)
		}
	}
}
