package main

import (
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/testdb"
)

func tortureNumbers() []torture {
	return []torture{
		tortureIntegers(), tortureBits(), tortureReals(), tortureRandomReals(),
		valuesTable("decimals", [][]string{
			{"DECIMAL(65,30)", "99999999999999999999999999999999999.999999999999999999999999999999", "-99999999999999999999999999999999999.999999999999999999999999999999", "0", "-0.0", "0.000000000000000000000000000001", "-0.000000000000000000000000000001"},
			{"DECIMAL(65,0)", strings.Repeat("9", 65), "-" + strings.Repeat("9", 65), "0", "1"},
			{"DECIMAL(30,30)", "0." + strings.Repeat("9", 30), "-0." + strings.Repeat("9", 30), "0"},
			{"DECIMAL(10,2) UNSIGNED", "99999999.99", "0", "0.01"},
			{"DECIMAL(10,2) UNSIGNED ZEROFILL", "99999999.99", "0", "1.5"},
			{"DECIMAL(1,0)", "9", "-9", "0"},
			{"YEAR", "0", "1901", "2155", "1970", "2000"},
			{"BOOL", "TRUE", "FALSE", "-128", "127"},
		}),
		{table: "negative_zero", from: []testdb.Kind{testdb.MySQL56, testdb.MySQL97}, to: []testdb.Kind{testdb.MySQL56, testdb.MySQL97}, refused: "2 times -0", differs: true, setup: []string{
			"CREATE TABLE $T (id INT PRIMARY KEY, f FLOAT, d DOUBLE, fm FLOAT(7,3), dm DOUBLE(12,4))",
			"INSERT INTO $T VALUES (1,-0e0,-0e0,-0e0,-0e0),(2,0,0,0,0),(3,NULL,NULL,NULL,NULL),(4,-1e-45,-5e-324,-0.0001,-0.00001)",
		}},
	}
}

func tortureIntegers() torture {
	var columns [][]string
	for i, typ := range []string{"TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT"} {
		bits := []uint{8, 16, 24, 32, 64}[i]
		top := uint64(1) << (bits - 1)
		all := top - 1 + top
		columns = append(columns,
			[]string{typ, fmt.Sprintf("-%d", top), fmt.Sprint(top - 1), "0", "-0", "-1", "1", "42"},
			[]string{typ + " UNSIGNED", "0", fmt.Sprint(all), "1", fmt.Sprint(top), fmt.Sprint(top - 1)},
			[]string{typ + " ZEROFILL", "0", fmt.Sprint(all), "1", "42"},
			[]string{typ + "(2) UNSIGNED ZEROFILL", "0", fmt.Sprint(all), "1", "100"},
			[]string{typ + "(1)", "0", "1", "2"})
	}
	return valuesTable("integers", columns)
}

// tortureBits has BIT of each width: nothing, all bits, patterns whose bytes are quotes, commas and backslashes.
func tortureBits() torture {
	var columns [][]string
	for n := range 64 {
		mask := ^uint64(0) >> (63 - n)
		column := []string{fmt.Sprintf("BIT(%d)", n+1)}
		for _, v := range []uint64{0, mask, 1, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa, 0x5c275c222c0a0d00, 0x5c4e5c4e5c4e5c4e, 1 << n} {
			column = append(column, fmt.Sprintf("CAST(%d AS UNSIGNED)", v&mask))
		}
		columns = append(columns, column)
	}
	return valuesTable("bits", columns)
}

func tortureReals() torture {
	return valuesTable("reals", [][]string{
		{"FLOAT", "0", "3.4028234663852886e38", "-3.4028234663852886e38", "1.1754943508222875e-38", "1.401298464324817e-45", "-1.401298464324817e-45", "1.1754942106924411e-38",
			"16777215", "16777216", "16777217", "16777218", "-16777217", "0.1", "0.010516252390057362", "123456.789", "1e15", "1e16", "123456789012345680", "9.999999e-5", "0.3333333432674408"},
		{"FLOAT UNSIGNED", "0", "3.4028234663852886e38", "1e-45", "0.7"},
		{"FLOAT ZEROFILL", "0", "1.5", "1e10", "1e-10"},
		{"FLOAT(7,3)", "0", "9999.999", "-9999.999", "0.001", "123.456", "-0.5"},
		{"FLOAT(20,10)", "0.1", "1.0000000001", "-12345.678901", "9999999999"},
		{"FLOAT(30,0)", "1e29", "16777217", "3"},
		{"FLOAT(53)", "0.1", "1e308", "-2.2250738585072014e-308"},
		{"DOUBLE", "0", "1.7976931348623157e308", "-1.7976931348623157e308", "2.2250738585072014e-308", "5e-324", "-5e-324", "2.225073858507201e-308", "4.4501477170144023e-308",
			"9007199254740991", "9007199254740992", "9007199254740993", "0.1", "0.30000000000000004", "1e15", "1e16", "123456789012345678", "1e21", "1e22", "1e23", "1e-7", "9.5367431640625e-7", "8.41e21", "5e-320"},
		{"DOUBLE UNSIGNED", "0", "1.7976931348623157e308", "5e-324"},
		{"DOUBLE UNSIGNED ZEROFILL", "0", "1.5", "1e100", "1e-100"},
		{"DOUBLE(12,4)", "0", "99999999.9999", "-99999999.9999", "0.0001", "0.1"},
		{"DOUBLE(255,30)", "1e200", "0.1", "1e-30", "123456789.123456789123456789"},
		{"DOUBLE(20,10)", "1234567890.0123456789", "0.0000000001", "9999999999.9999999999"},
		{"DOUBLE(16,0)", "9007199254740993", "1", "9999999999999999"},
		{"REAL", "1.5"},
	})
}

// tortureRandomReals has doubles and floats of every exponent, by a fixed rule.
func tortureRandomReals() torture {
	const n = "(SELECT a.n+10*b.n+100*c.n n FROM (SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) a," +
		"(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) b," +
		"(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) c) x"
	return torture{table: "random_reals", setup: []string{
		"CREATE TABLE $T (id INT PRIMARY KEY, f FLOAT, d DOUBLE, fm FLOAT(12,5), dm DOUBLE(20,7), k DOUBLE NOT NULL, UNIQUE KEY (k))",
		"INSERT INTO $T SELECT n, RAND(n)*POW(10,n%70-32), RAND(n+7)*POW(10,n%600-300), (RAND(n+9)-0.5)*POW(10,n%7), (RAND(n+11)-0.5)*POW(10,n%13), RAND(n+13)*POW(10,n%300)+n FROM " + n,
	}}
}
