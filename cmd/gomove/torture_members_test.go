package main

import (
	"fmt"
	"strings"
)

// tortureMembers has ENUM and SET: a file holds names, the server numbers.
func tortureMembers() []torture {
	many := make([]string, 3000)
	for i := range many {
		many[i] = fmt.Sprintf("'m%d'", 3000-i)
	}
	sixtyFour := make([]string, 64)
	for i := range sixtyFour {
		sixtyFour[i] = fmt.Sprintf("'%d'", 64-i)
	}
	return []torture{
		membersTable("enum_members", "ENUM", "utf8mb4", 15, "'','a','b''c','d,e','\"','\\\\','0x41','1','2','10','NULL','\\\\N','é','日本','\u00a0'"),
		membersTable("enum_numbers", "ENUM", "latin1", 9, "'3','2','1','00','+0','-0','0.0',' 0','0x0'"),
		membersTable("enum_no_zero", "ENUM", "latin1", 3, "'x','y',''"),
		{table: "enum_named_zero", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, e ENUM('1','0',''), f ENUM('0') NOT NULL)",
			"INSERT INTO $T VALUES (1,1,1),(2,2,1),(3,3,1),(4,NULL,1)",
		}},
		{table: "members_4byte", setup: []string{ // every server prints them as ? in SHOW CREATE TABLE
			`CREATE TABLE $T (id INT PRIMARY KEY, e ENUM('?','😀','😁','it''s 😀 \\','') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '😁', s SET('😀','a?','😂') CHARACTER SET utf16 COLLATE utf16_bin, u ENUM('?!','x') CHARACTER SET utf8mb4 COMMENT '(?)', KEY (e))`,
			"INSERT INTO $T (id) VALUES (0)", "INSERT INTO $T VALUES (1,1,1,1),(2,2,2,2),(3,3,4,NULL),(4,4,7,1),(5,5,0,1)",
		}},
		{table: "enum_many", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, e ENUM(" + strings.Join(many, ",") + "))",
			"INSERT INTO $T VALUES (0,0),(1,1),(2,255),(3,256),(4,3000),(5,NULL)",
		}},
		{table: "member_charsets", setup: []string{
			`CREATE TABLE $T (id INT PRIMARY KEY, e1 ENUM('表','ソ','a') CHARACTER SET sjis, e2 ENUM('襖','乗','') CHARACTER SET gbk, e3 ENUM('a','é','日') CHARACTER SET utf16, e4 ENUM('a','é') CHARACTER SET ucs2,
				e5 ENUM('a','日','') CHARACTER SET utf32, e6 ENUM('a','b') CHARACTER SET binary, e7 ENUM('功','許') CHARACTER SET big5, e8 ENUM('a','б') CHARACTER SET cp1251,
				s1 SET('表','ソ') CHARACTER SET sjis, s2 SET('a','é','') CHARACTER SET utf16, s3 SET('a','日') CHARACTER SET utf32, s4 SET('許','功') CHARACTER SET big5, s5 SET('','x') CHARACTER SET ucs2)`,
			"INSERT INTO $T VALUES (0,0,0,0,0,0,0,0,0,0,0,0,0,0),(1,1,1,1,1,1,1,1,1,1,1,1,1,1),(2,2,2,2,2,2,2,2,2,2,2,2,2,2),(3,3,3,3,2,3,2,2,2,3,3,3,3,3),(4,1,1,1,1,1,1,1,1,1,4,1,1,1),(5,1,1,1,1,1,1,1,1,1,7,1,1,1)",
			"INSERT INTO $T (id) VALUES (6)",
		}},
		{table: "members_utf16le", from: newer(), to: newer(), late: true, refused: "1265", setup: []string{ // 5.6 stores such members wrong
			"CREATE TABLE $T (id INT PRIMARY KEY, e ENUM('a','é','') CHARACTER SET utf16le, s SET('a','é','') CHARACTER SET utf16le)",
			"INSERT INTO $T VALUES (0,0,0),(1,1,1),(2,2,2),(3,3,3),(4,1,4),(5,1,7),(6,NULL,NULL)",
		}},
		membersTable("set_members", "SET", "utf8mb4", 127, "'a','b''c','\"','\\\\','0x41','NULL','é'"),
		membersTable("set_numbers", "SET", "latin1", 31, "'1','2','4','0','-1'"),
		membersTable("set_empty_first", "SET", "latin1", 7, "'','a','b'"),
		membersTable("set_empty_last", "SET", "utf8mb4", 7, "'1','2',''"),
		membersTable("set_empty_alone", "SET", "latin1", 1, "''"),
		{table: "set_64", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, s SET(" + strings.Join(sixtyFour, ",") + "))",
			"INSERT INTO $T VALUES (0,0),(1,1),(2,18446744073709551615),(3,9223372036854775808),(4,12297829382473034410),(5,NULL)",
		}},
	}
}

// membersTable holds every number of an ENUM or SET from 0 to last.
func membersTable(table, kind, charset string, last int, members string) torture {
	values := []string{"(1000,NULL)"}
	for i := range last + 1 {
		values = append(values, fmt.Sprintf("(%d,%d)", i, i))
	}
	return torture{table: table, setup: []string{
		"CREATE TABLE $T (id INT PRIMARY KEY, m " + kind + "(" + members + ") CHARACTER SET " + charset + ")",
		"INSERT INTO $T VALUES " + strings.Join(values, ","),
	}}
}
