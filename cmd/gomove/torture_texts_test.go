package main

import (
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/testdb"
)

func tortureTexts() []torture {
	return []torture{
		tortureCharsets("charsets", "VARCHAR(256)"), tortureCharsets("charset_chars", "CHAR(30)"), tortureCharsets("charset_texts", "TEXT"), tortureSizes(), tortureStrings(), torturePadding(),
		{table: "double_encoded", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, v VARCHAR(100) CHARACTER SET latin1, t TEXT CHARACTER SET cp1251, u VARCHAR(100) CHARACTER SET utf8mb4)",
			"INSERT INTO $T VALUES (1,_latin1 x'c3a9f09f9880',_cp1251 x'd0bfd180d0b8',CONVERT(_latin1 x'c3a9e282acc3a3' USING utf8mb4))",
		}},
		{table: "gb18030", from: []testdb.Kind{testdb.MySQL97}, to: []testdb.Kind{testdb.MySQL97}, refused: "`g`", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, g VARCHAR(100) CHARACTER SET gb18030)",
			"INSERT INTO $T VALUES (1,_gb18030 x'c4e3813081309439fc36815c5c'),(2,''),(3,NULL)",
		}},
		{table: "row_60kb", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, v VARCHAR(30000) CHARACTER SET latin1, w VARBINARY(30000)) ENGINE=InnoDB",
			"INSERT INTO $T VALUES (1,REPEAT('x''\\\\',10000),REPEAT(x'00270a5c22',6000)),(2,REPEAT(' ',30000),'')",
		}},
	}
}

// everyByte is hex of the bytes from 0 to last.
func everyByte(last int) string {
	var b strings.Builder
	for i := range last + 1 {
		fmt.Fprintf(&b, "%02x", i)
	}
	return b.String()
}

// tortureCharsets has columns of every charset side by side: all bytes of those of one byte, and of the others the
// characters whose bytes are quotes, backslashes and line ends to who does not know the charset.
func tortureCharsets(table, types string) torture {
	defs := []string{"id INT NOT NULL PRIMARY KEY"}
	rows := [4]string{"(1", "(2", "(3", "(4"}
	add := func(charset, value string) {
		for i, typ := range strings.Fields(types) {
			defs = append(defs, fmt.Sprintf("%s_%d %s CHARACTER SET %s", charset, i, typ, charset))
			sample := "_" + charset + " x'" + value + "'"
			if strings.HasPrefix(typ, "CHAR") {
				sample = "LEFT(" + sample + ",9)"
			}
			for j, v := range []string{sample, "''", `'a\\N"\\\'\n,\r'`, "'  x\t \n  '"} {
				rows[j] += "," + v
			}
		}
	}
	for charset := range strings.FieldsSeq("latin1 latin2 latin5 latin7 cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 koi8r koi8u greek hebrew tis620 geostd8 armscii8 macroman macce dec8 hp8 swe7 keybcs2") {
		add(charset, everyByte(255))
	}
	for charset, value := range map[string]string{
		"ascii": everyByte(127), "sjis": "955c835c8140b15c7e", "cp932": "955c8740ed40fa40815f", "ujis": "a4a28eb18fb0a15c", "eucjpms": "a4a28eb1ada15c",
		"gbk": "d25c815cc4e3a1a15c", "gb2312": "c4e3a1a15c", "big5": "a55ca65ca4405c", "euckr": "b0a1c8fe5c",
		"utf8": "c3a9e282acefbfbd65cc81", "utf8mb4": "f09f988065cc81f48fbfbfe2808b", "ucs2": "0041005c00270a0d263a5c5c", "utf16": "005cd83dde000a5c0027",
		"utf16le": "5c003dd800de5c0a2700", "utf32": "0001f6000000005c00000a5c", "binary": everyByte(255),
	} {
		add(charset, value)
	}
	return torture{table: table, setup: []string{
		"CREATE TABLE $T (" + strings.Join(defs, ",\n") + ") ENGINE=InnoDB",
		"INSERT INTO $T VALUES " + strings.Join(rows[:], "),") + ")",
		"INSERT INTO $T (id) VALUES (5)",
	}}
}

func tortureSizes() torture {
	return torture{table: "sizes", setup: []string{
		"CREATE TABLE $T (id INT PRIMARY KEY, tt TINYTEXT, tx TEXT, mt MEDIUMTEXT, lt LONGTEXT CHARACTER SET utf8mb4, tb TINYBLOB, b BLOB, mb MEDIUMBLOB, lb LONGBLOB) ENGINE=InnoDB",
		"INSERT INTO $T VALUES (1,'','','','','','','','')", "INSERT INTO $T (id) VALUES (2)",
		"INSERT INTO $T VALUES (3,REPEAT('\\\\',255),REPEAT('\"',65535),REPEAT('\\'\\n',200000),REPEAT('😀',300000),x'" + everyByte(254) + "',REPEAT(x'" + everyByte(255) + "',255),REPEAT(x'" + everyByte(255) + "',2000),REPEAT(x'5c00270a220d2c1a',500000))",
		"INSERT INTO $T VALUES (4,'\\\\N','\\n','\\r\\n','\\\\',x'00',x'eda080eda080',x'edb080c0afff',x'5c4e')",
	}}
}

// tortureStrings has a row for each text that some format takes for something else.
func tortureStrings() torture {
	texts := []string{
		"", " ", "  x  ", `\N`, `\\N`, `\n`, "NULL", "null", `"`, `""`, `'`, `\`, `\\`, `\"`, `"\`, "\t", "\n", "\r\n", "\r", "\x00", "a\x00b", "\x1a", ",", `","`, `",\N,"`, "\"\n\"", "\n\\.\n", "\\.",
		"/*!50000 DROP */", "-- x\n", ";", "#", "`", "%s %d", "$1", "${x}", "{{.}}", "0", "-0", "1e999", "0x41", "true",
		"e\u0301", "\u00e9", "\u0301", "😀", "👩‍👩‍👧‍👦", "\ufeffbom", "\ufffd", "\uffff", "\U0010ffff", "\u0085", "\u2028", "\u00a0", "\u200f\u202e", "ﷺ", "İıſß", "日本語", "\x7f\x01\x02",
	}
	setup := []string{"CREATE TABLE $T (id INT PRIMARY KEY, v VARCHAR(60) CHARACTER SET utf8mb4, c CHAR(60) CHARACTER SET utf8mb4, t TEXT CHARACTER SET utf8mb4, b VARBINARY(200), only VARCHAR(60) CHARACTER SET utf8mb4, KEY v (v(10))) ENGINE=InnoDB"}
	for i, s := range texts {
		setup = append(setup, fmt.Sprintf("INSERT INTO $T VALUES (%d,_utf8mb4 x'%x',_utf8mb4 x'%x',_utf8mb4 x'%x',x'%x',NULL)", i, s, s, s, s))
	}
	return torture{table: "strings", setup: setup}
}

func torturePadding() torture {
	return torture{table: "padding", setup: []string{
		"CREATE TABLE $T (id CHAR(10) NOT NULL, c CHAR(10), v VARCHAR(10), b BINARY(6), vb VARBINARY(6), c0 CHAR(0), v0 VARCHAR(0), b0 BINARY(0), u CHAR(5) CHARACTER SET utf8mb4, u16 CHAR(5) CHARACTER SET utf16, PRIMARY KEY (id)) ENGINE=InnoDB",
		"INSERT INTO $T VALUES ('a','a','a',x'610000',x'610000','','','','é','é'),('b','b   ','b   ','b  ','b  ','','','','😀 ','😀 '),('c',' ',' ','','',NULL,NULL,NULL,'',''),('','','',x'000000000000','','','','','',''),('e',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),('f','a\\t','a\\t ',x'200000',x'2000','','','','a\\0','a\\0')",
	}}
}
