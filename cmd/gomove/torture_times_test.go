package main

import (
	"fmt"

	"github.com/gomove/gomove/internal/testdb"
)

func tortureTimes() []torture {
	return []torture{tortureDates(), tortureTimestamps(), tortureTimestampEdges(), tortureTimestampDefaults(), {
		// MySQL's TIME ends at 838:59:59.000000.
		table: "time_beyond", from: []testdb.Kind{testdb.MariaDB}, to: []testdb.Kind{testdb.MariaDB}, refused: "1264", late: true, setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, t TIME(6))",
			"INSERT INTO $T VALUES (1,'838:59:59.999999'),(2,'-838:59:59.999999')",
		},
	}}
}

func tortureDates() torture {
	columns := [][]string{
		{"DATE", "'1000-01-01'", "'9999-12-31'", "'0000-00-00'", "'2024-00-00'", "'2024-02-00'", "'2024-02-31'", "'0001-01-01'", "'0000-01-01'", "'2024-02-29'", "'1582-10-10'"},
		{"DATETIME", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'0000-00-00 00:00:00'", "'2024-00-00 01:02:03'", "'2024-02-31 23:59:59'", "'0001-01-01 00:00:00'", "'2021-03-28 02:30:00'"},
		{"TIME", "'838:59:59'", "'-838:59:59'", "'00:00:00'", "'24:00:00'", "'-00:00:01'", "'100:00:00'"},
	}
	for n := 1; n <= 6; n++ {
		columns = append(columns,
			[]string{fmt.Sprintf("TIME(%d)", n), "'838:59:58.999999'", "'-838:59:58.999999'", "'-00:00:00.1'", "'00:00:00.000001'", "'-00:00:00.000001'", "'23:59:59.9'", "'838:59:59'", "'-838:59:59'", "'-25:00:00.5'"},
			[]string{fmt.Sprintf("DATETIME(%d)", n), "'9999-12-31 23:59:59.9'", "'1000-01-01 00:00:00.000001'", "'0000-00-00 00:00:00'", "'2024-02-31 12:00:00.5'", "'2024-00-00 00:00:00.25'", "'0000-00-00 00:00:01.5'"})
	}
	return valuesTable("dates", columns)
}

// tortureTimestamps has TIMESTAMP of each precision at its ends, stored under +09:00.
func tortureTimestamps() torture {
	columns := [][]string{}
	for n := 0; n <= 6; n++ {
		columns = append(columns, []string{fmt.Sprintf("TIMESTAMP(%d)", n), "'1970-01-01 09:00:01'", "'2038-01-19 12:14:07'", "'0000-00-00 00:00:00'", "'2021-03-28 10:00:00.5'", "'2021-03-28 09:59:59.9'"})
	}
	columns[6] = append(columns[6], "'2038-01-19 12:14:07.999999'", "'1970-01-01 09:00:01.000001'", "'2021-10-31 10:30:00.123456'")
	return valuesTable("timestamps", columns)
}

// tortureTimestampEdges has moments on both sides of each switch of the server's zone, the hour that is there twice among them.
func tortureTimestampEdges() torture {
	setup := []string{"CREATE TABLE $T (id INT PRIMARY KEY, ts TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, dt DATETIME, KEY (ts))"}
	id := 0
	for _, zone := range []string{"Test/DST", "+00:00"} {
		setup = append(setup, "SET SESSION time_zone='"+zone+"'")
		for _, at := range []int{1616893199, 1616893200, 1635638399, 1635638400, 1635640200, 1635641999, 1635642000, 1635643800, 1635645600} {
			id++
			setup = append(setup, fmt.Sprintf("INSERT INTO $T VALUES (%d, FROM_UNIXTIME(%d), FROM_UNIXTIME(%d))", id, at, at))
		}
	}
	return torture{table: "dst", setup: setup}
}

// tortureTimestampDefaults has defaults that are moments: the server prints them in the session's zone.
func tortureTimestampDefaults() torture {
	return torture{table: "timestamp_defaults", setup: []string{
		"CREATE TABLE $T (id INT PRIMARY KEY, a TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00', b TIMESTAMP(3) NULL DEFAULT '2021-10-31 10:30:00.125', c TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00'," +
			" d TIMESTAMP NULL, e DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), f TIME DEFAULT '-10:00:00', g DATE DEFAULT '0000-00-00', h DATETIME DEFAULT '2024-02-31 00:00:00', y YEAR DEFAULT 0)",
		"INSERT INTO $T (id,e) VALUES (1,'2020-01-01'),(2,'2021-01-01')",
		"UPDATE $T SET d='2021-03-28 10:30:00', e=NULL WHERE id=2",
	}}
}
