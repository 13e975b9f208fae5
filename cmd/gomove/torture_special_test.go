package main

import (
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/testdb"
)

// tortureSpecial has the types that only some servers have.
func tortureSpecial() []torture {
	only97, onlyMaria := []testdb.Kind{testdb.MySQL97}, []testdb.Kind{testdb.MariaDB}
	return []torture{
		tortureJSON(), tortureGeometry(),
		{table: "json_maria", from: onlyMaria, setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, j JSON)",
			`INSERT INTO $T VALUES (1,'{"b" : 1.50, "a":12345678901234567890.123456789, "a":2}'),(2,'"\\ud83d\\ude00"'),(3,NULL),(4,'null'),(5,' [ ] '),(6,'"é😀"')`,
		}},
		{table: "json_deep", from: only97, to: only97, refused: "`json_deep`", late: true, setup: []string{ // MariaDB nests 32 deep
			"CREATE TABLE $T (id INT PRIMARY KEY, j JSON)", "INSERT INTO $T VALUES (1,'" + strings.Repeat("[", 99) + strings.Repeat("]", 99) + "')",
		}},
		{table: "srid", from: only97, setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, p POINT NOT NULL SRID 4326, g GEOMETRY SRID 0, a GEOMETRY, SPATIAL KEY (p))",
			"INSERT INTO $T VALUES (1,ST_GeomFromText('POINT(52 13)',4326),ST_GeomFromText('POINT(1 2)',0),ST_GeomFromText('LINESTRING(1 2,3 4)',3857)),(2,ST_GeomFromText('POINT(-90 180)',4326),NULL,NULL)",
		}},
		{table: "srid_values", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, g GEOMETRY)",
			"INSERT INTO $T VALUES (1,ST_GeomFromText('POINT(1 2)',4326)),(2,ST_GeomFromText('POINT(3 4)',3857)),(3,ST_GeomFromText('POINT(1 2)'))",
		}},
		{table: "vector", from: only97, to: only97, refused: "`v`", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, v VECTOR(4), w VECTOR)",
			"INSERT INTO $T VALUES (1,STRING_TO_VECTOR('[1,-2.5,0.1,-0]'),STRING_TO_VECTOR('[0.1]')),(2,x'5c0a270022002c0d0d0a5c4e00000080',NULL),(3,NULL,NULL),(4,x'ffff7f7fffff7fff0000800000000080',x'00000000')",
		}},
		{table: "uuid", from: onlyMaria, to: onlyMaria, refused: "`u`", setup: []string{
			"CREATE TABLE $T (u UUID PRIMARY KEY, v UUID, w INT)",
			"INSERT INTO $T VALUES ('00000000-0000-0000-0000-000000000000',NULL,1),('ffffffff-ffff-ffff-ffff-ffffffffffff','123e4567-e89b-12d3-a456-426655440000',2),('5c275c27-0a0d-225c-2c00-5c4e5c4e5c4e','5c275c27-0a0d-225c-2c00-5c4e5c4e5c4e',3)",
		}},
		{table: "inet", from: onlyMaria, to: onlyMaria, refused: "`i4`", setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, i4 INET4, i6 INET6, KEY (i6))",
			"INSERT INTO $T VALUES (1,'0.0.0.0','::'),(2,'255.255.255.255','ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),(3,'92.39.34.10','::ffff:92.39.34.10'),(4,NULL,NULL),(5,'1.2.3.4','2001:db8::5c4e')",
		}},
		{table: "uuid_counter", from: onlyMaria, to: onlyMaria, refused: "`u`", setup: []string{ // UUID is loaded by a SET clause
			"CREATE TABLE $T (id INT AUTO_INCREMENT PRIMARY KEY, u UUID)", "INSERT INTO $T VALUES (0,'123e4567-e89b-12d3-a456-426655440000'),(5,NULL),(-3,NULL)",
		}},
		{table: "json_counter", from: only97, to: newer(), refused: "`j`", setup: []string{
			"CREATE TABLE $T (id DOUBLE, n BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, j JSON)", "INSERT INTO $T VALUES (1,0,'1'),(2,18446744073709551613,'2'),(3,7,NULL)",
		}},
		{table: "compressed", from: onlyMaria, setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, t TEXT COMPRESSED, b BLOB COMPRESSED)", "INSERT INTO $T VALUES (1,REPEAT('x',1000),x'005c27'),(2,NULL,NULL),(3,'','')",
		}},
	}
}

func tortureJSON() torture {
	texts := []string{
		`{}`, `[]`, `null`, `true`, `""`, `"\\N"`, `0`, `-1`, `18446744073709551615`, `-9223372036854775808`, `1.5`, `1.0`, `-0.0`, `1e100`, `5e-324`, `1.7976931348623157e308`, `0.1`, `0.30000000000000004`, `123456789.123`, `1e15`, `1e16`,
		`{"a": {"b": [1, "x", null, false]}, "é": "😀", "": ""}`, `"line\nquote\"back\\slash\ttab\u0000\u0001"`, `"2024-01-01"`, `"10:00:00.000000"`, `"2024-01-01 00:00:00.000000"`, `"base64:type15:YQ=="`, `"` + strings.Repeat("x", 70000) + `"`,
		strings.Repeat("[", 31) + strings.Repeat("]", 31),
	}
	setup := []string{"CREATE TABLE $T (id INT PRIMARY KEY, j JSON, n INT, t VARCHAR(200) CHARACTER SET utf8mb4 AS (j->>'$.a') VIRTUAL)"}
	for i, s := range texts {
		setup = append(setup, fmt.Sprintf("INSERT INTO $T (id,j,n) VALUES (%d,CONVERT(x'%x' USING utf8mb4),1)", i, s))
	}
	setup = append(setup, "INSERT INTO $T (id) VALUES (1000)", "INSERT INTO $T (id,j) VALUES (1001,CAST(true AS JSON)),(1002,JSON_OBJECT('d',1.25e0))")
	return torture{table: "json", from: []testdb.Kind{testdb.MySQL97}, to: newer(), refused: "`j`", setup: setup}
}

func tortureGeometry() torture {
	setup := []string{"CREATE TABLE $T (id INT PRIMARY KEY, g GEOMETRY, p POINT, l LINESTRING, y POLYGON, mp MULTIPOINT, ml MULTILINESTRING, my MULTIPOLYGON, gc GEOMETRYCOLLECTION)"}
	values := []string{
		"'POINT(1 2)'", "'POINT(-0 1e-300)'", "'LINESTRING(0 0,1 1,2.5 -3)'", "'POLYGON((0 0,10 0,10 10,0 10,0 0),(1 1,2 1,2 2,1 2,1 1))'",
		"'MULTIPOINT(1 1,2 2)'", "'MULTILINESTRING((0 0,1 1),(2 2,3 3))'", "'MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))'", "'GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))'",
	}
	from := func(i int) string { return "ST_GeomFromText(" + values[i] + ")" }
	for i := range values {
		setup = append(setup, fmt.Sprintf("INSERT INTO $T (id,g) VALUES (%d,%s)", i, from(i)))
	}
	return torture{table: "geometry", setup: append(setup,
		"INSERT INTO $T VALUES (100,"+strings.Join([]string{from(7), from(0), from(2), from(3), from(4), from(5), from(6), from(7)}, ",")+")",
		"INSERT INTO $T (id,g) VALUES (101,ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1))')),(102,NULL)",
		"INSERT INTO $T (id,p) VALUES (103,POINT(1.7976931348623157e308,-5e-324))")}
}
