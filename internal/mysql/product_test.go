package mysql

import (
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/testdb"
)

func TestProduct(t *testing.T) {
	for _, tt := range []struct {
		name      string
		variables string // a=b c=d
		procedure string
		profile   string
		want      Product
		describe  string
	}{
		{"mysql", "version=9.7.4 basedir=/usr/", "", "", SelfManaged, "mysql 9.7.4"},
		{"mariadb", "version=10.11.19-MariaDB basedir=/usr", "", "", SelfManaged, "mariadb 10.11.19-MariaDB"},
		{"aurora 1", "version=5.6.10 aurora_version=1.22.3 basedir=/rdsdbbin/oscar-5.6.10a", "", "", Aurora, "aurora 1.22.3 (mysql 5.6.10)"},
		{"aurora 8.4", "version=8.4.7 version_comment=4f582c03 aurora_version=8.4.7", "rds_kill", "", Aurora, "aurora 8.4.7 (mysql 8.4.7)"},
		{"rds mysql", "version=8.0.40 basedir=/rdsdbbin/mysql/", "", "", RDS, "rds (mysql 8.0.40)"},
		{"rds mariadb by its procedures", "version=10.11.9-MariaDB-log basedir=/", "rds_kill", "", RDS, "rds (mariadb 10.11.9-MariaDB-log)"},
		{"cloud sql", "version=8.0.31-google version_comment=(Google)", "", "", CloudSQL, "cloudsql (mysql 8.0.31-google)"},
		{"azure", "version=8.0.40-azure azure_server_name=x", "", "", Azure, "azure (mysql 8.0.40-azure)"},
		{"azure by its procedures", "version=5.7.44", "az_kill", "", Azure, "azure (mysql 5.7.44)"},
		{"the profile stands over the probe", "version=8.0.40 basedir=/rdsdbbin/mysql/", "rds_kill", "mysql", SelfManaged, "mysql 8.0.40"},
		{"aurora by profile", "version=8.0.40", "", "aurora", Aurora, "aurora (mysql 8.0.40)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &Facts{Variables: map[string]string{}, Procedures: map[string]bool{tt.procedure: tt.procedure != ""}}
			for v := range strings.FieldsSeq(tt.variables) {
				name, value, _ := strings.Cut(v, "=")
				f.Variables[name] = value
			}
			f.Version, f.VersionComment = f.Variables["version"], f.Variables["version_comment"]
			f.Flavor = flavorOf(f.Version, f.VersionComment)
			if err := f.settleProduct(tt.profile); err != nil {
				t.Fatal(err)
			}
			if f.Product != tt.want || f.Describe() != tt.describe {
				t.Errorf("%s, %q; want %s, %q", f.Product, f.Describe(), tt.want, tt.describe)
			}
		})
	}
	if err := new(Facts).settleProduct("oracle"); err == nil {
		t.Error("a profile that does not exist was taken")
	}
}

// TestKillByProcedure has an account that may not kill others' sessions, and a server with the procedures of RDS.
func TestKillByProcedure(t *testing.T) {
	s := testdb.StartOwn(t, testdb.MariaDB)
	s.Exec(t,
		"CREATE PROCEDURE mysql.rds_kill_query(id BIGINT) KILL QUERY id",
		"CREATE PROCEDURE mysql.rds_kill(id BIGINT) KILL CONNECTION id",
		"CREATE USER master IDENTIFIED BY 'secret'", "GRANT EXECUTE ON mysql.* TO master", "GRANT PROCESS ON *.* TO master")
	o := optionsOf(s)
	victims := connect(t, o, ForDump)
	if f := victims.Facts; f.Product != RDS || !f.Procedures["rds_kill"] {
		t.Fatalf("product %s, procedures %v", f.Product, f.Procedures)
	}
	o.User, o.Password = "master", "secret"
	m := connect(t, o, ForDump)
	for _, kill := range []struct {
		name string
		do   func(id uint64) error
		want int // the number that the victim gets; 0 is a lost connection
	}{
		{"query", func(id uint64) error { return m.KillQuery(t.Context(), id) }, 1317},
		{"session", func(id uint64) error { return m.Kill(t.Context(), id) }, 0},
	} {
		t.Run(kill.name, func(t *testing.T) {
			c, err := victims.Session(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			died := make(chan error, 1)
			go func() {
				_, err := c.ExecContext(t.Context(), "SELECT COUNT(*) FROM information_schema.COLLATIONS a, information_schema.COLLATIONS b, information_schema.COLLATIONS c, information_schema.COLLATIONS d WHERE SLEEP(0.01)")
				died <- err
			}()
			for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
				if err := kill.do(c.ID); err != nil {
					t.Fatal(err)
				}
				select {
				case err := <-died:
					if Number(err) != kill.want && !(kill.want == 0 && IsConnectionLost(err)) {
						t.Errorf("the victim got %v", err)
					}
					return
				default:
				}
				if time.Since(start) > 10*time.Second {
					t.Fatal("the victim lives")
				}
			}
		})
	}
}
