package transform

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFoldAlter completes a definition as phpMyAdmin's files do.
func TestFoldAlter(t *testing.T) {
	create := "CREATE TABLE `a` (\n  `id` int(11) NOT NULL COMMENT 'a, b',\n  `n` varchar(9) DEFAULT NULL\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
	for _, alter := range []string{
		"ALTER TABLE `a`\n  ADD PRIMARY KEY (`id`),\n  ADD UNIQUE KEY `u` (`n`,`id`),\n  ADD KEY `k` (`n`(3))",
		"ALTER TABLE `s`.`a` ADD FULLTEXT KEY `f` (`n`)",
		"ALTER TABLE `a`\n  MODIFY `id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'a, b', AUTO_INCREMENT=7",
		"ALTER TABLE `a`\n  ADD CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `b` (`id`) ON DELETE CASCADE, ADD CONSTRAINT c CHECK (id > 0)",
	} {
		folded, err := FoldAlter([]byte(create), []byte(alter), Mode{})
		if err != nil {
			t.Fatalf("%s: %v", alter, err)
		}
		create = string(folded)
	}
	want := "CREATE TABLE `a` (\n  `id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'a, b',\n  `n` varchar(9) DEFAULT NULL,\n  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`n`,`id`),\n" +
		"  KEY `k` (`n`(3)),\n  FULLTEXT KEY `f` (`n`),\n  CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `b` (`id`) ON DELETE CASCADE,\n  CONSTRAINT c CHECK (id > 0)\n" +
		") AUTO_INCREMENT=7 ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
	if diff := cmp.Diff(want, create); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	commented, err := FoldAlter([]byte("CREATE TABLE a (i int -- last\n)"), []byte("ALTER TABLE a ADD KEY (i)"), Mode{})
	if cols, cerr := Columns(commented, Mode{}); err != nil || cerr != nil || len(cols) != 1 || !strings.Contains(string(commented), "-- last\n,") {
		t.Errorf("behind a comment: %q, %v, %v", commented, err, cerr)
	}
}

// TestFoldAlterRefuses has what may change rows stay a statement of its own.
func TestFoldAlterRefuses(t *testing.T) {
	create := []byte("CREATE TABLE a (i int NOT NULL, v varchar(9), g int AS (i) STORED) AUTO_INCREMENT=3")
	for _, action := range []string{
		"ADD COLUMN c int", "ADD c int", "ADD (c int)", "DROP COLUMN v", "MODIFY v varchar(5)", "MODIFY i bigint NOT NULL AUTO_INCREMENT", "MODIFY i int AUTO_INCREMENT",
		"MODIFY v varchar(9) CHARACTER SET latin1", "MODIFY i int NOT NULL AUTO_INCREMENT FIRST", "MODIFY x int AUTO_INCREMENT", "CHANGE v w varchar(9)", "RENAME TO b", "ENGINE=MyISAM",
		"ADD PARTITION (PARTITION p VALUES LESS THAN (5))", "ADD PERIOD FOR SYSTEM_TIME(s,e)", "ADD KEY (i), DROP COLUMN v", "ADD KEY (i), ", "", "AUTO_INCREMENT=9", "AUTO_INCREMENT=x", "ORDER BY i",
		"/*!50100 ADD KEY (i) */", "ADD KEY (i) /*!50100 PARTITION BY HASH(i) */", "CONVERT TO CHARACTER SET utf8", "ADD KEY (i) PARTITION BY HASH(i)", "ADD SYSTEM VERSIONING",
		"ADD KEY (i) COMMENT 'open",
	} {
		if out, err := FoldAlter(create, []byte("ALTER TABLE a "+action), Mode{}); !errors.Is(err, ErrNotFolded) {
			t.Errorf("%s: %s, %v", action, out, err)
		}
	}
	for _, stmt := range []string{"ALTER TABLE", "ALTER VIEW a AS SELECT 1", "ALTER IGNORE TABLE a ADD UNIQUE (i)", "ALTER TABLE a.", "SELECT 1"} {
		if schema, name, ok := AlterName([]byte(stmt), Mode{}); ok {
			t.Errorf("%s: %s.%s", stmt, schema, name)
		}
	}
	if _, err := FoldAlter([]byte("CREATE TABLE a LIKE b"), []byte("ALTER TABLE a ADD KEY (i)"), Mode{}); err == nil {
		t.Error("LIKE: no error")
	}
}

// FuzzFoldAlter holds that what is folded has the columns that it had.
func FuzzFoldAlter(f *testing.F) {
	const create = "CREATE TABLE `a` (\n  `id` int(11) NOT NULL COMMENT 'a, b',\n  n varchar(9) /* c */ DEFAULT NULL -- last\n) ENGINE=InnoDB"
	for _, alter := range []string{
		"ALTER TABLE `a`\n  ADD PRIMARY KEY (`id`),\n  ADD KEY `k` (`n`(3))", "ALTER TABLE a MODIFY `id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'a, b', AUTO_INCREMENT=7",
		"ALTER TABLE a ADD CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `b` (`id`)", "ALTER TABLE a ADD CHECK (id > 0) -- x", "ALTER TABLE a ADD KEY (n) COMMENT ')'",
	} {
		f.Add(create, alter)
	}
	f.Fuzz(func(t *testing.T, create, alter string) {
		before, err := Columns([]byte(create), Mode{})
		if err != nil {
			return
		}
		folded, err := FoldAlter([]byte(create), []byte(alter), Mode{})
		if err != nil {
			return
		}
		after, err := Columns(folded, Mode{})
		if err != nil || len(before) != len(after) {
			t.Fatalf("%q and %q make %q: %v", create, alter, folded, err)
		}
		for i := range before {
			if before[i].Name != after[i].Name {
				t.Fatalf("%q and %q make %q: column %s is %s", create, alter, folded, before[i].Name, after[i].Name)
			}
		}
	})
}
