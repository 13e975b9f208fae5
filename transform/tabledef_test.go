package transform

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// describe prints a split table, a line for each part.
func describe(d TableDef) []string {
	out := []string{string(d.Create)}
	for _, s := range AlterStatements("", "t", d.Indexes) {
		out = append(out, strings.TrimPrefix(s, "ALTER TABLE `t` "))
	}
	return append(out, d.ForeignKeys...)
}

func TestSplitTable(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"nothing to defer", "CREATE TABLE `t` (\n  `a` int NOT NULL,\n  PRIMARY KEY (`a`)\n) ENGINE=InnoDB",
			[]string{"CREATE TABLE `t` (\n  `a` int NOT NULL,\n  PRIMARY KEY (`a`)\n) ENGINE=InnoDB"}},
		{"all classes", "CREATE TABLE `t` (\n  `a` int(11) NOT NULL DEFAULT '1',\n  `b` text COMMENT 'KEY `x` (`a`),\n  KEY',\n  PRIMARY KEY (`a`),\n  UNIQUE KEY `u` (`b`(10)) USING BTREE,\n  KEY `k` (`b`(5),`a` DESC) COMMENT 'x) , KEY',\n  FULLTEXT KEY `f` (`b`) /*!50100 WITH PARSER `ngram` */,\n  FULLTEXT KEY `g` (`b`,`c`),\n  SPATIAL KEY `s` (`g`),\n  CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`a`) ON DELETE SET NULL,\n  CONSTRAINT `d` CHECK ((`a` > 0))\n) ENGINE=InnoDB",
			[]string{"CREATE TABLE `t` (\n  `a` int(11) NOT NULL DEFAULT '1',\n  `b` text COMMENT 'KEY `x` (`a`),\n  KEY',\n  PRIMARY KEY (`a`),\n  CONSTRAINT `d` CHECK ((`a` > 0))\n) ENGINE=InnoDB",
				"ADD FULLTEXT KEY `f` (`b`) /*!50100 WITH PARSER `ngram` */", "ADD FULLTEXT KEY `g` (`b`,`c`)",
				"ADD UNIQUE KEY `u` (`b`(10)) USING BTREE, ADD KEY `k` (`b`(5),`a` DESC) COMMENT 'x) , KEY', ADD SPATIAL KEY `s` (`g`)",
				"ADD CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`a`) ON DELETE SET NULL"}},
		{"last is deferred", "CREATE TABLE `t` (\n  `a` int,\n  KEY `k` (`a`)\n)", []string{"CREATE TABLE `t` (\n  `a` int\n)", "ADD KEY `k` (`a`)"}},
		{"columns with odd names", "CREATE TABLE `t` (`key` int, `primary key` int, `a)` int, `b,` int, key `index` (`key`), `unique` int)",
			[]string{"CREATE TABLE `t` (`key` int, `primary key` int, `a)` int, `b,` int, `unique` int)", "ADD key `index` (`key`)"}},
		{"invisible", "CREATE TABLE t (a int, KEY `k` (`a`) /*!80000 INVISIBLE */, KEY `l` (`a`) IGNORED)",
			[]string{"CREATE TABLE t (a int)", "ADD KEY `k` (`a`) /*!80000 INVISIBLE */, ADD KEY `l` (`a`) IGNORED"}},
		{"functional", "CREATE TABLE t (a int, KEY `k` ((`a` + 1),((`a` * 2)) DESC))", []string{"CREATE TABLE t (a int)", "ADD KEY `k` ((`a` + 1),((`a` * 2)) DESC)"}},
		{"named unique constraint", "CREATE TABLE t (a int, CONSTRAINT `x` UNIQUE (a), CONSTRAINT UNIQUE INDEX y (a))",
			[]string{"CREATE TABLE t (a int)", "ADD CONSTRAINT `x` UNIQUE (a), ADD CONSTRAINT UNIQUE INDEX y (a)"}},
		{"auto increment leads the primary key", "CREATE TABLE t (a int NOT NULL AUTO_INCREMENT, b int, PRIMARY KEY (a,b), KEY k (a))",
			[]string{"CREATE TABLE t (a int NOT NULL AUTO_INCREMENT, b int, PRIMARY KEY (a,b))", "ADD KEY k (a)"}},
		{"auto increment needs a key", "CREATE TABLE t (a int NOT NULL AUTO_INCREMENT, b int NOT NULL, PRIMARY KEY (b,a), KEY j (b), KEY k (a), KEY l (a,b))",
			[]string{"CREATE TABLE t (a int NOT NULL AUTO_INCREMENT, b int NOT NULL, PRIMARY KEY (b,a), KEY j (b), KEY k (a))", "ADD KEY l (a,b)"}},
		{"auto increment in MyISAM", "CREATE TABLE t (a int NOT NULL AUTO_INCREMENT, b int, KEY i (b,a), KEY j (b)) ENGINE=MyISAM",
			[]string{"CREATE TABLE t (a int NOT NULL AUTO_INCREMENT, b int, KEY i (b,a)) ENGINE=MyISAM", "ADD KEY j (b)"}},
		{"auto increment as a word", "CREATE TABLE t (a varchar(9) COMMENT 'AUTO_INCREMENT', KEY k (a))", []string{"CREATE TABLE t (a varchar(9) COMMENT 'AUTO_INCREMENT')", "ADD KEY k (a)"}},
		{"partitions keep unique keys", "CREATE TABLE t (a int, b int, UNIQUE KEY u (a), KEY k (b)) ENGINE=InnoDB\n/*!50100 PARTITION BY HASH (a)\nPARTITIONS 2 */",
			[]string{"CREATE TABLE t (a int, b int, UNIQUE KEY u (a)) ENGINE=InnoDB\n/*!50100 PARTITION BY HASH (a)\nPARTITIONS 2 */", "ADD KEY k (b)"}},
		{"partition in a comment", "CREATE TABLE t (a int, UNIQUE KEY u (a)) COMMENT='PARTITION BY'", []string{"CREATE TABLE t (a int) COMMENT='PARTITION BY'", "ADD UNIQUE KEY u (a)"}},
		{"clustered unique key", "CREATE TABLE t (a int NOT NULL, b int, UNIQUE KEY u (a), UNIQUE KEY v (b))", []string{"CREATE TABLE t (a int NOT NULL, b int, UNIQUE KEY u (a))", "ADD UNIQUE KEY v (b)"}},
		{"memory", "CREATE TABLE t (a int, KEY k (a), CONSTRAINT c FOREIGN KEY (a) REFERENCES p (a)) ENGINE=MEMORY",
			[]string{"CREATE TABLE t (a int, KEY k (a)) ENGINE=MEMORY", "ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES p (a)"}},
		{"period", "CREATE TABLE `t` (\n  `a` int(11),\n  `s` timestamp(6) GENERATED ALWAYS AS ROW START,\n  KEY `k` (`a`),\n  PERIOD FOR SYSTEM_TIME (`s`, `e`)\n) WITH SYSTEM VERSIONING",
			[]string{"CREATE TABLE `t` (\n  `a` int(11),\n  `s` timestamp(6) GENERATED ALWAYS AS ROW START,\n  PERIOD FOR SYSTEM_TIME (`s`, `e`)\n) WITH SYSTEM VERSIONING", "ADD KEY `k` (`a`)"}},
		{"comments", "CREATE TABLE t ( -- (\n a int, # KEY\n KEY k (a) -- )\n)", []string{"CREATE TABLE t ( -- (\n a int\n)", "ADD KEY k (a)"}},
		{"versioned key stays", "CREATE TABLE t (a int /*!50000 , KEY k (a) */, /*!50000 KEY l (a) */, KEY m (a))",
			[]string{"CREATE TABLE t (a int /*!50000 , KEY k (a) */, /*!50000 KEY l (a) */)", "ADD KEY m (a)"}},
		{"like", "CREATE TABLE t LIKE s", []string{"CREATE TABLE t LIKE s"}},
		{"vector", "CREATE TABLE t (a vector(3) NOT NULL, VECTOR KEY v (a) `M`=8)", []string{"CREATE TABLE t (a vector(3) NOT NULL)", "ADD VECTOR KEY v (a) `M`=8"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			def, err := SplitTable([]byte(tt.in), Mode{}, true)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, describe(def)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSplitTableForeignKeysOnly(t *testing.T) {
	in := "CREATE TABLE t (\n  a int,\n  KEY k (a),\n  CONSTRAINT c FOREIGN KEY (a) REFERENCES p (a)\n) ENGINE=InnoDB"
	def, err := SplitTable([]byte(in), Mode{}, false)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"CREATE TABLE t (\n  a int,\n  KEY k (a)\n) ENGINE=InnoDB", "ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES p (a)"}
	if diff := cmp.Diff(want, describe(def)); diff != "" {
		t.Error(diff)
	}
	if got, want := AlterForeignKeys("s`", "t", def.ForeignKeys), "ALTER TABLE `s```.`t` ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES p (a)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := AlterForeignKeys("s", "t", nil); got != "" {
		t.Errorf("without foreign keys: %s", got)
	}
}

func TestSplitTableErrors(t *testing.T) {
	for _, in := range []string{"", "SELECT 1", "CREATE VIEW v AS SELECT 1", "CREATE TABLE t (a int", "CREATE TABLE t", "ALTER TABLE t ADD (a int)"} {
		if _, err := SplitTable([]byte(in), Mode{}, true); !errors.Is(err, ErrNotCreateTable) {
			t.Errorf("%q: %v, want ErrNotCreateTable", in, err)
		}
	}
}

func TestSplitTableFacts(t *testing.T) {
	in := "CREATE TABLE t (a int COMMENT 'AUTO_INCREMENT=3') ENGINE=Aria AUTO_INCREMENT=18446744073709551615 COMMENT='ENGINE=x' PARTITION BY HASH (a) (PARTITION p ENGINE=MyISAM)"
	def, err := SplitTable([]byte(in), Mode{}, true)
	if err != nil || def.Engine != "Aria" || !def.Partitioned {
		t.Errorf("engine %q, partitioned %v, %v", def.Engine, def.Partitioned, err)
	}
	if v, ok := AutoIncrement([]byte(in), Mode{}); v != 18446744073709551615 || !ok {
		t.Errorf("auto_increment %d, %v", v, ok)
	}
	if v, ok := AutoIncrement([]byte("CREATE TABLE t (a int AUTO_INCREMENT KEY) COMMENT 'AUTO_INCREMENT=3'"), Mode{}); v != 0 || ok {
		t.Errorf("auto_increment %d, %v; want none", v, ok)
	}
}

func FuzzSplitTable(f *testing.F) {
	for _, s := range []string{
		"CREATE TABLE `t` (\n  `a` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`a`),\n  KEY `k` (`a`)\n) ENGINE=InnoDB AUTO_INCREMENT=5",
		"CREATE TABLE t (a int, UNIQUE KEY u (a(3)), FULLTEXT f (a), SPATIAL s (a), CHECK (a), CONSTRAINT FOREIGN KEY (a) REFERENCES b(c))",
		"CREATE TABLE t (,KEY,)", "CREATE TABLE t (KEY (", "CREATE TABLE t ()", "CREATE TABLE t (/*! , */ KEY k (a))", "CREATE TABLE t (CONSTRAINT",
	} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte(s), uint8(0xff))
	}
	f.Fuzz(func(t *testing.T, in []byte, bits uint8) {
		m := fuzzMode(bits)
		def, err := SplitTable(in, m, true)
		if err != nil {
			return
		}
		if len(def.Indexes) == 0 && len(def.ForeignKeys) == 0 {
			if string(def.Create) != string(in) {
				t.Fatalf("%q became %q", in, def.Create)
			}
			return
		}
		again, err := SplitTable(def.Create, m, true)
		if err != nil {
			t.Fatalf("%q became %q: %v", in, def.Create, err)
		}
		_ = again
	})
}
