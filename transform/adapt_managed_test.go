package transform

import "testing"

func TestAdaptManaged(t *testing.T) {
	aurora := Target{Flavor: "mysql", Number: 80039, Engines: map[string]bool{"innodb": true, "myisam": true}, Managed: true, Aurora: true}
	rds, own := aurora, aurora
	rds.Aurora, own.Aurora, own.Managed = false, false, false
	maria := Target{Flavor: "mariadb", Number: 101109, Managed: true}
	const table = "CREATE TABLE `t` (`a` int) /*!50100 TABLESPACE `ts` */ ENGINE=MyISAM ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4 COMPRESSION='zlib' /*!80016 ENCRYPTION='Y' */"
	for _, tt := range []struct {
		name, in, want string
		to             Target
	}{
		{"aurora", table, "CREATE TABLE `t` (`a` int) ENGINE=InnoDB", aurora},
		{"rds keeps what it has", table, "CREATE TABLE `t` (`a` int) ENGINE=MyISAM ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4 COMPRESSION='zlib'", rds},
		{"a server of one's own", table, table, own},
		{"not encrypted", "CREATE TABLE `t` (`a` int) ENGINE=InnoDB /*!80016 ENCRYPTION='N' */", "CREATE TABLE `t` (`a` int) ENGINE=InnoDB /*!80016 ENCRYPTION='N' */", rds},
		{"an option without a value", "CREATE TABLE `t` (`a` int) ENGINE=InnoDB WITH SYSTEM VERSIONING", "CREATE TABLE `t` (`a` int) ENGINE=InnoDB WITH SYSTEM VERSIONING", maria},
		{"schema", "CREATE DATABASE `s` /*!80016 DEFAULT ENCRYPTION='Y' */", "CREATE DATABASE `s`", rds},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from := Origin{Flavor: tt.to.Flavor, Number: tt.to.Number}
			got, notes := Adapt([]byte(tt.in), Mode{Charset: "utf8mb4"}, from, tt.to, "table `t`")
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if (len(notes) > 0) != (tt.in != tt.want) {
				t.Errorf("notes %v", notes)
			}
		})
	}
}
