package transform

import (
	"strings"
	"testing"
)

// noted are the notes as lines.
func noted(notes []Note) string {
	var lines []string
	for _, n := range notes {
		lines = append(lines, n.String())
	}
	return strings.Join(lines, "\n")
}

// holdText compares a statement without regard to white space, and looks for texts in the notes.
func holdText(t *testing.T, name, got, want string, notes []Note, says ...string) {
	t.Helper()
	plain := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if want != "" && plain(got) != plain(want) {
		t.Errorf("%s:\n got %s\nwant %s", name, plain(got), plain(want))
	}
	all := noted(notes)
	for _, s := range says {
		if !strings.Contains(all, s) {
			t.Errorf("%s: no note says %q:\n%s", name, s, all)
		}
	}
}

func TestChanges(t *testing.T) {
	mysql8 := Target{Flavor: "mysql", Number: 90700, Collations: lowerSet([]string{"utf8mb4_0900_ai_ci", "utf8mb4_0900_as_cs", "utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_swedish_ci", "latin1_swedish_ci", "latin1_bin", "utf8mb4_unicode_ci"})}
	for _, c := range []struct {
		name, in, out string
		changes       Changes
		says          []string
	}{
		{"engine", "CREATE TABLE `t` (\n  `a` int NOT NULL,\n  PRIMARY KEY (`a`)\n) ENGINE=MyISAM DEFAULT CHARSET=latin1 CHECKSUM=1 DELAY_KEY_WRITE=1 ROW_FORMAT=FIXED COMMENT='x'\n/*!50100 PARTITION BY HASH (a)\n(PARTITION p0 ENGINE = MyISAM) */",
			"CREATE TABLE `t` ( `a` int NOT NULL, PRIMARY KEY (`a`) ) ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='x' /*!50100 PARTITION BY HASH (a) (PARTITION p0 ENGINE = InnoDB) */",
			Changes{Engine: "InnoDB"}, []string{"engine MyISAM becomes InnoDB", "ROW_FORMAT left out"}},
		{"engine that it has", "CREATE TABLE `t` (`a` int) ENGINE=InnoDB ROW_FORMAT=COMPRESSED", "CREATE TABLE `t` (`a` int) ENGINE=InnoDB ROW_FORMAT=COMPRESSED", Changes{Engine: "innodb"}, nil},
		{"numbering", "CREATE TABLE `t` (`g` int NOT NULL, `n` int NOT NULL AUTO_INCREMENT, PRIMARY KEY (`g`,`n`)) ENGINE=MyISAM", "",
			Changes{Engine: "InnoDB"}, []string{"cannot be held: AUTO_INCREMENT is not the first"}},
		{"merge", "CREATE TABLE `t` (`g` int) ENGINE=MRG_MyISAM UNION=(`a`,`b`)", "", Changes{Engine: "InnoDB"}, []string{"cannot be held: engine MRG_MyISAM"}},
		{"collation", "CREATE TABLE `t` (\n `a` varchar(9) COLLATE utf8mb4_bin, `b` varchar(9) CHARACTER SET latin1, `c` varchar(20) GENERATED ALWAYS AS (concat(`a` collate utf8mb4_bin)) VIRTUAL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci",
			"CREATE TABLE `t` ( `a` varchar(9) COLLATE utf8mb4_general_ci, `b` varchar(9) CHARACTER SET latin1 COLLATE latin1_bin, `c` varchar(20) GENERATED ALWAYS AS (concat(`a` collate utf8mb4_general_ci)) VIRTUAL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_as_cs",
			Changes{Collations: map[string]string{"utf8mb4_bin": "utf8mb4_general_ci", "latin1_swedish_ci": "latin1_bin", "utf8mb4_unicode_ci": "utf8mb4_0900_as_cs"}},
			[]string{"column `a`: collation utf8mb4_bin becomes utf8mb4_general_ci, which no longer tells upper and lower case apart"}},
		{"charset", "CREATE TABLE `t` (`a` varchar(9) NOT NULL, `b` text CHARACTER SET latin1 COLLATE latin1_bin, `c` tinytext, `d` varbinary(9), `e` char(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, KEY `k` (`a`)) ENGINE=InnoDB DEFAULT CHARSET=latin1",
			"CREATE TABLE `t` (`a` varchar(9) NOT NULL, `b` mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `c` text, `d` varbinary(9), `e` char(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, KEY `k` (`a`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_swedish_ci",
			Changes{Charset: "utf8mb4"}, []string{"character set latin1 becomes utf8mb4, collation latin1_swedish_ci becomes utf8mb4_swedish_ci", "column `c`: tinytext becomes text"}},
		{"charset and map", "CREATE TABLE `t` (`a` varchar(9)) ENGINE=InnoDB DEFAULT CHARSET=latin1", "CREATE TABLE `t` (`a` varchar(9)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci",
			Changes{Charset: "utf8mb4", Collations: map[string]string{"latin1_swedish_ci": "utf8mb4_0900_ai_ci"}}, nil},
		{"key too long", "CREATE TABLE `t` (`a` varchar(1000), KEY `k` (`a`)) ENGINE=InnoDB DEFAULT CHARSET=latin1", "", Changes{Charset: "utf8mb4"}, []string{"index `k`: cannot be held: takes 4000 bytes"}},
		{"key of MyISAM too long", "CREATE TABLE `t` (`a` varchar(300), UNIQUE KEY `k` (`a`)) ENGINE=MyISAM DEFAULT CHARSET=latin1", "", Changes{Charset: "utf8mb4"}, []string{"index `k`: cannot be held: takes 1200 bytes"}},
		{"row too long", "CREATE TABLE `t` (`a` varchar(20000)) ENGINE=InnoDB DEFAULT CHARSET=latin1", "", Changes{Charset: "utf8mb4"}, []string{"cannot be held: a row takes up to 80000 bytes"}},
		{"no such collation", "CREATE TABLE `t` (`a` varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=latin1", "", Changes{Collations: map[string]string{"latin1_swedish_ci": "latin1_martian_ci"}}, []string{"cannot be held: the target has no collation latin1_martian_ci"}},
		{"schema", "CREATE DATABASE `s` /*!40100 DEFAULT CHARACTER SET latin1 */ /*!80016 DEFAULT ENCRYPTION='N' */", "CREATE DATABASE `s` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_swedish_ci */ /*!80016 DEFAULT ENCRYPTION='N' */",
			Changes{Charset: "utf8mb4"}, []string{"becomes utf8mb4"}},
		{"view", "CREATE VIEW `v` AS select (`a` collate utf8mb4_bin) AS `a`, 'collate latin1_bin' collate latin1_bin", "CREATE VIEW `v` AS select (`a` collate utf8mb4_general_ci) AS `a`, 'collate latin1_bin' collate latin1_bin",
			Changes{Collations: map[string]string{"utf8mb4_bin": "utf8mb4_general_ci", "latin1_bin": "utf8mb4_bin"}}, nil},
	} {
		out, notes := c.changes.Apply([]byte(c.in), Mode{}, Origin{Flavor: "mysql", Number: 50700}, mysql8, "table `s`.`t`")
		holdText(t, c.name, string(out), c.out, notes, c.says...)
		if again, notes := c.changes.Apply(out, Mode{}, Origin{Flavor: "mysql", Number: 90700}, mysql8, ""); c.out != "" && c.name != "collation" && string(again) != string(out) {
			t.Errorf("%s: a second time it changes %s to %s: %s", c.name, out, again, noted(notes))
		}
	}
}

func TestWithoutColumns(t *testing.T) {
	const table = "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `a` int DEFAULT NULL CHECK (`a` > `b`),\n  `b` int DEFAULT NULL,\n  `g` int GENERATED ALWAYS AS (`b` + 1) VIRTUAL,\n  `h` int AS (`g`) STORED,\n" +
		"  `c` varchar(9) COMMENT 'not `b`',\n  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`c`,`b`),\n  KEY `k` (`h`),\n  KEY `x` ((`a` + `b`)),\n  KEY `c` (`c`),\n  CONSTRAINT `f` FOREIGN KEY (`b`) REFERENCES `p` (`x`),\n" +
		"  CONSTRAINT `f2` FOREIGN KEY (`a`) REFERENCES `p` (`y`),\n  CONSTRAINT `f3` FOREIGN KEY (`a`) REFERENCES `o`.`p` (`x`),\n  CONSTRAINT `ck` CHECK (`a` < `b`)\n) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4"
	left := func(columns ...string) Left {
		return func(schema, table, column string) bool {
			for _, c := range columns {
				if strings.EqualFold(c, schema+"."+table+"."+column) {
					return true
				}
			}
			return false
		}
	}
	for _, c := range []struct {
		name, in, out string
		left          Left
		says          []string
	}{
		{"with what needs it", table,
			"CREATE TABLE `t` ( `id` int NOT NULL AUTO_INCREMENT, `a` int DEFAULT NULL, `c` varchar(9) COMMENT 'not `b`', PRIMARY KEY (`id`), KEY `c` (`c`), CONSTRAINT `f3` FOREIGN KEY (`a`) REFERENCES `o`.`p` (`x`) ) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4",
			left("s.t.B", "s.p.y"), []string{"column `b`: is not moved", "column `g`: is not moved: it is computed of column `b`", "column `h`: is not moved: it is computed of column `g`",
				"index `u`: left out with column `b`: nothing keeps rows unique", "index `x`: left out with column `b`", "constraint `f2`: left out: it refers to column `y` of table `s`.`p`", "constraint `ck`: left out", "column `a`: its CHECK is left out"}},
		{"nothing", table, table, left("s.u.b"), nil},
		{"last item", "CREATE TABLE `t` (\n  `a` int,\n  `b` int\n) ENGINE=InnoDB", "CREATE TABLE `t` ( `a` int ) ENGINE=InnoDB", left("s.t.b"), nil},
		{"numbering", "CREATE TABLE `t` (`a` int, `id` int NOT NULL AUTO_INCREMENT, KEY `id` (`id`)) ENGINE=InnoDB AUTO_INCREMENT=7", "CREATE TABLE `t` (`a` int) ENGINE=InnoDB", left("s.t.id"), []string{"index `id`: left out"}},
		{"primary key", table, "", left("s.t.id"), []string{"cannot be held: the primary key needs column `id`"}},
		{"inline primary key", "CREATE TABLE `t` (`a` int PRIMARY KEY, `b` int)", "", left("s.t.a"), []string{"cannot be held: is the primary key"}},
		{"partitions", "CREATE TABLE `t` (`a` int, `b` int) ENGINE=InnoDB\n/*!50100 PARTITION BY RANGE (a)\n(PARTITION p0 VALUES LESS THAN MAXVALUE) */", "", left("s.t.a"), []string{"cannot be held: its partitions need column `a`"}},
		{"default", "CREATE TABLE `t` (`a` int, `b` int DEFAULT ((`a` + 1)))", "", left("s.t.a"), []string{"cannot be held: is computed of column `a` by default"}},
		{"index of AUTO_INCREMENT", "CREATE TABLE `t` (`a` int, `n` int AUTO_INCREMENT, KEY (`n`,`a`))", "", left("s.t.a"), []string{"cannot be held: column `n` has AUTO_INCREMENT"}},
		{"all", "CREATE TABLE `t` (`a` int)", "", left("s.t.a"), []string{"cannot be held: none of its columns is moved"}},
		{"a view", "CREATE VIEW `t` AS select `b` from `t`", "CREATE VIEW `t` AS select `b` from `t`", left("s.t.b"), nil},
	} {
		out, notes := WithoutColumns([]byte(c.in), Mode{}, "s", "t", c.left, "table `s`.`t`")
		holdText(t, c.name, string(out), c.out, notes, c.says...)
		if c.out != "" && strings.Contains(noted(notes), "cannot be held") {
			t.Errorf("%s: %s", c.name, noted(notes))
		}
	}
	whole, prefixed, err := UniqueColumns([]byte("CREATE TABLE `t` (`A` int PRIMARY KEY, `b` int, `c` text, `d` int, UNIQUE KEY (`b`,`c`(10)), KEY (`d`))"), Mode{})
	if err != nil || !whole["a"] || !whole["b"] || whole["d"] || !prefixed["c"] {
		t.Errorf("unique columns: %v, %v, %v", whole, prefixed, err)
	}
}

// FuzzChange takes columns out of statements and changes them, whatever they are: nothing panics, and what is not a CREATE stays.
func FuzzChange(f *testing.F) {
	for _, s := range []string{
		"CREATE TABLE `t` (`a` int, `b` varchar(9) COLLATE latin1_bin, KEY (`b`(3)), CHECK (`a` > `b`), FOREIGN KEY (`b`) REFERENCES `p` (`b`)) ENGINE=MyISAM DEFAULT CHARSET=latin1",
		"CREATE TABLE t (a int AS (b) STORED, b text CHARACTER SET", "CREATE TABLE t (", "CREATE DATABASE d CHARACTER SET", "CREATE VIEW v AS SELECT a COLLATE", "DROP TABLE t",
		"CREATE TABLE `t` (`b` int DEFAULT (`a`), UNIQUE KEY ((`b`+1)), PERIOD FOR SYSTEM_TIME(`b`,`c`)) /*!50100 PARTITION BY HASH (`b`) */", "CREATE TABLE t (a int, CONSTRAINT FOREIGN KEY (a) REFERENCES",
	} {
		f.Add(s)
	}
	changes := Changes{Engine: "InnoDB", Charset: "utf8mb4", Collations: map[string]string{"latin1_bin": "utf8mb4_bin"}}
	to := Target{Flavor: "mysql", Number: 90700, Collations: lowerSet([]string{"utf8mb4_bin", "utf8mb4_general_ci", "latin1_bin"})}
	left := func(_, _, column string) bool { return strings.EqualFold(column, "b") }
	f.Fuzz(func(t *testing.T, text string) {
		stmt := []byte(text)
		out, notes := WithoutColumns(stmt, Mode{}, "s", "t", left, "t")
		if len(notes) == 0 && string(out) != text {
			t.Errorf("changed without a note: %q becomes %q", text, out)
		}
		out, _ = changes.Apply(out, Mode{}, Origin{Flavor: "mariadb", Number: 101100}, to, "t")
		if !strings.Contains(strings.ToUpper(text), "CREATE") && !strings.Contains(strings.ToUpper(text), "COLLATE") && string(out) != text {
			t.Errorf("%q becomes %q", text, out)
		}
		_, _, _ = UniqueColumns(stmt, Mode{})
		_, _ = Names{Tables: map[[2]string][2]string{{"s", "t"}: {"u", "v"}}}.Rename(stmt, Mode{}, "s")
	})
}
