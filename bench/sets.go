package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The jobs.
const (
	jobDump     = "dump"      // uncompressed
	jobDumpZstd = "dump-zstd" // compressed
	jobBig      = "dump-big"  // one big table against the same rows in several
	jobLoad     = "load"      // of an uncompressed dump
	jobLoadSQL  = "load-sql"  // of a file of mysqldump
	jobCopy     = "copy"      // into another schema of the same server
	jobDumpS3   = "dump-s3"   // compressed, to a local S3 server
	jobLoadS3   = "load-s3"   // of that
)

// set is one kind of data, in a schema of its own.
type set struct {
	name, about string
	jobs        []string
	rows        func(base int) int // of all tables together
	tables      func(o options) int
	columns     string   // of CREATE TABLE, with the primary key
	indexes     []string // secondary ones
	row         func(dst []byte, r *rand.Rand, i int) []byte
	key         string               // the first column of the primary key
	bound       func(row int) string // the literal of key at a row
	in          string               // the set that this one is a part of, and in whose schema it stands
	parts       []*set               // the sets that this one is made of
}

func (s *set) schema() string {
	if s.in != "" {
		return "bench_" + s.in
	}
	return "bench_" + s.name
}

// table names one of the set's tables.
func (s *set) table(n int) string {
	if s.in != "" {
		return fmt.Sprintf("%s_t%05d", s.name, n)
	}
	return fmt.Sprintf("t%05d", n)
}

// create is CREATE TABLE; with says whether it has the secondary indexes.
func (s *set) create(n int, with bool) string {
	parts := []string{s.columns}
	if with {
		parts = append(parts, s.indexes...)
	}
	return fmt.Sprintf("CREATE TABLE %s.%s (%s) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4", s.schema(), s.table(n), strings.Join(parts, ", "))
}

// addIndexes is the ALTER TABLE that adds the secondary indexes; empty when there are none.
func (s *set) addIndexes(n int) string {
	if len(s.indexes) == 0 {
		return ""
	}
	adds := make([]string, len(s.indexes))
	for i, d := range s.indexes {
		adds[i] = "ADD " + d
	}
	return fmt.Sprintf("ALTER TABLE %s.%s %s", s.schema(), s.table(n), strings.Join(adds, ", "))
}

func share(num, den int) func(int) int {
	return func(base int) int { return max(10, base*num/den) }
}

func oneTable(options) int { return 1 }

func number(row int) string { return fmt.Sprint(row + 1) }

const (
	bigParts  = 8
	smallRows = 20 // of each small table
)

// sets are the kinds of data.
func sets() []*set {
	all, plain := []string{jobDump, jobDumpZstd, jobLoad}, []string{jobDump, jobLoad}
	copied := append(all[:len(all):len(all)], jobLoadSQL, jobCopy)
	list := []*set{
		{
			name: "integers", about: "narrow integers", jobs: all, rows: share(1, 1), tables: oneTable,
			columns: "id INT NOT NULL, a INT NOT NULL, b INT, c SMALLINT NOT NULL, d TINYINT NOT NULL, e BIGINT NOT NULL, PRIMARY KEY (id)",
			row:     integersRow, key: "id", bound: number,
		},
		{
			name: "sysbench", about: "rows as sysbench makes them, one secondary index", rows: share(1, 1), tables: oneTable,
			jobs:    []string{jobDump, jobDumpZstd, jobBig, jobLoad, jobLoadSQL, jobCopy, jobDumpS3, jobLoadS3},
			columns: "id INT NOT NULL, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, PRIMARY KEY (id)",
			indexes: []string{"KEY k (k)"}, row: sysbenchRow, key: "id", bound: number,
		},
		{
			name: "mixed", about: "decimal, double, datetime, utf8mb4 text with quotes and newlines, JSON-like text, varbinary, NULL; two secondary indexes",
			jobs: copied, rows: share(3, 10), tables: oneTable,
			columns: "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, amount DECIMAL(14,2) NOT NULL, ratio DOUBLE, created DATETIME NOT NULL, name VARCHAR(60) NOT NULL, " +
				"note TEXT, doc LONGTEXT, token VARBINARY(32), state TINYINT, touched DATETIME(6), PRIMARY KEY (id)",
			indexes: []string{"KEY created (created)", "KEY name (name)"}, row: mixedRow, key: "id", bound: number,
		},
		{
			name: "wide", about: "60 columns", jobs: all, rows: share(1, 10), tables: oneTable,
			columns: wideColumns(), row: wideRow, key: "c00", bound: number,
		},
		{
			name: "blobs", about: "binary values of up to 128 KiB", jobs: plain, rows: share(1, 400), tables: oneTable,
			columns: "id INT NOT NULL, name VARCHAR(40) NOT NULL, body LONGBLOB NOT NULL, PRIMARY KEY (id)",
			row:     blobRow, key: "id", bound: number,
		},
		{
			name: "strings", about: "a string as primary key", jobs: plain, rows: share(4, 10), tables: oneTable,
			columns: "code VARCHAR(64) CHARACTER SET ascii NOT NULL, title VARCHAR(100) NOT NULL, n INT NOT NULL, PRIMARY KEY (code)",
			row:     stringsRow, key: "code", bound: func(row int) string { return "'" + string(appendCode(nil, row)) + "'" },
		},
		{
			name: "composite", about: "a primary key of three columns", jobs: plain, rows: share(6, 10), tables: oneTable,
			columns: "a INT NOT NULL, b VARCHAR(20) CHARACTER SET ascii NOT NULL, c INT NOT NULL, v VARCHAR(60) NOT NULL, PRIMARY KEY (a,b,c)",
			row:     compositeRow, key: "a", bound: func(row int) string { return fmt.Sprint(row / compositeRows) },
		},
		{
			name: "parts", about: fmt.Sprintf("the rows of sysbench in %d tables", bigParts), rows: share(1, 1),
			tables:  func(options) int { return bigParts },
			columns: "id INT NOT NULL, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, PRIMARY KEY (id)",
			indexes: []string{"KEY k (k)"}, row: sysbenchRow, key: "id", bound: number,
		},
		{
			name: "small", about: fmt.Sprintf("many tables of %d rows", smallRows), jobs: []string{jobDump, jobLoad},
			tables:  func(o options) int { return o.tables },
			columns: "id INT NOT NULL AUTO_INCREMENT, name VARCHAR(40) NOT NULL, made DATETIME NOT NULL, PRIMARY KEY (id)",
			indexes: []string{"KEY name (name)"}, row: smallRow, key: "id", bound: number,
		},
	}
	return append(list, together(list))
}

const togetherTables = 1000 // small ones, at most, of the sets together

// together is the set of all sets that are measured, in one schema.
func together(list []*set) *set {
	all := &set{name: "all", about: fmt.Sprintf("all sets above but parts in one schema, of the small tables at most %d", togetherTables), jobs: []string{jobCopy}}
	for _, s := range list {
		if len(s.jobs) == 0 {
			continue
		}
		part := *s
		part.in = all.name
		part.tables = func(o options) int { return min(s.tables(o), togetherTables) }
		all.parts = append(all.parts, &part)
	}
	all.tables = func(o options) int {
		n := 0
		for _, p := range all.parts {
			n += p.tables(o)
		}
		return n
	}
	return all
}

func findSet(name string) *set {
	for _, s := range sets() {
		if s.name == name {
			return s
		}
	}
	return nil
}

// allRows is the rows of all tables of the set.
func (s *set) allRows(o options) int {
	if len(s.parts) == 0 {
		return s.tableRows(o) * s.tables(o)
	}
	n := 0
	for _, p := range s.parts {
		n += p.allRows(o)
	}
	return n
}

// tableRows is the rows of each table of the set.
func (s *set) tableRows(o options) int {
	if s.rows == nil {
		return smallRows
	}
	return max(1, s.rows(o.rows)/s.tables(o))
}
