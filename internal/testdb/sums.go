package testdb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// TableSum is what one table or view holds, in a form that is the same on every server.
type TableSum struct {
	Schema string
	Table  string
	View   bool
	Rows   int64
	Sum    string // 128 bits in hex: the sum of the hashes of all rows, so that order does not matter and duplicates count
}

// TableSums reads every row of every table and view of the schemas. It shares no code with dumping or loading.
func TableSums(ctx context.Context, db *sql.DB, schemas ...string) ([]TableSum, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SET SESSION sql_mode='', time_zone='+00:00'"); err != nil {
		return nil, err
	}
	var sums []TableSum
	for _, schema := range schemas {
		of, err := listTables(ctx, conn, schema)
		if err != nil {
			return nil, fmt.Errorf("tables of %s: %w", schema, err)
		}
		sums = append(sums, of...)
	}
	for i := range sums {
		if err := sums[i].read(ctx, conn); err != nil {
			return nil, fmt.Errorf("checksum of %s.%s: %w", sums[i].Schema, sums[i].Table, err)
		}
	}
	return sums, nil
}

func listTables(ctx context.Context, conn *sql.Conn, schema string) ([]TableSum, error) {
	rows, err := conn.QueryContext(ctx, `SELECT table_name, table_type = 'VIEW' FROM information_schema.tables
		WHERE table_schema = '`+schema+`' ORDER BY 2, BINARY table_name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var sums []TableSum
	for rows.Next() {
		s := TableSum{Schema: schema}
		if err := rows.Scan(&s.Table, &s.View); err != nil {
			return nil, err
		}
		sums = append(sums, s)
	}
	return sums, rows.Err()
}

// cellKind says how a cell's text is brought into one form.
type cellKind int

const (
	asText   cellKind = iota
	asDouble          // servers print doubles in different ways: the eight bytes count
)

// columns returns the select list and the kinds of its cells. A FLOAT is read as DOUBLE, since its text is cut to
// six digits, and by *1e0, since +0e0 turns MySQL's negative zero into zero; ENUM and SET are read as number too, since ” can be a member or the error value.
func (s *TableSum) columns(ctx context.Context, conn *sql.Conn) (string, []cellKind, error) {
	rows, err := conn.QueryContext(ctx, "SELECT column_name, data_type FROM information_schema.columns"+
		" WHERE table_schema = '"+s.Schema+"' AND table_name = "+literal(s.Table)+" ORDER BY ordinal_position")
	if err != nil {
		return "", nil, err
	}
	defer rows.Close()
	var list []string
	var kinds []cellKind
	for rows.Next() {
		var name, typ string
		if err := rows.Scan(&name, &typ); err != nil {
			return "", nil, err
		}
		quoted := identifier(name)
		switch strings.ToLower(typ) {
		case "float", "double":
			list, kinds = append(list, quoted+"*1e0"), append(kinds, asDouble)
		case "enum", "set":
			list, kinds = append(list, quoted, quoted+"+0"), append(kinds, asText, asText)
		default:
			list, kinds = append(list, quoted), append(kinds, asText)
		}
	}
	return strings.Join(list, ", "), kinds, rows.Err()
}

func (s *TableSum) read(ctx context.Context, conn *sql.Conn) error {
	list, kinds, err := s.columns(ctx, conn)
	if err != nil {
		return err
	}
	rows, err := conn.QueryContext(ctx, "SELECT "+list+" FROM "+identifier(s.Schema)+"."+identifier(s.Table))
	if err != nil {
		return err
	}
	defer rows.Close()
	s.Rows, s.Sum, err = sumRows(rows, kinds)
	return err
}

// sumRows reads rows to their end and returns how many there are and the sum of their hashes.
func sumRows(rows *sql.Rows, kinds []cellKind) (count int64, sum string, err error) {
	cells := make([]sql.RawBytes, len(kinds))
	dest := make([]any, len(kinds))
	for i := range cells {
		dest[i] = &cells[i]
	}
	var hi, lo uint64
	var buf []byte
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return 0, "", err
		}
		if buf, err = appendCells(buf[:0], cells, kinds); err != nil {
			return 0, "", err
		}
		h := sha256.Sum256(buf)
		var carry uint64
		lo, carry = bits.Add64(lo, binary.BigEndian.Uint64(h[8:]), 0)
		hi, _ = bits.Add64(hi, binary.BigEndian.Uint64(h[:]), carry)
		count++
	}
	return count, fmt.Sprintf("%016x%016x", hi, lo), rows.Err()
}

// appendCells writes each cell behind its length, NULL as a length that no cell has.
func appendCells(dst []byte, cells []sql.RawBytes, kinds []cellKind) ([]byte, error) {
	for i, c := range cells {
		switch {
		case c == nil:
			dst = binary.BigEndian.AppendUint64(dst, math.MaxUint64)
		case kinds[i] == asDouble:
			f, err := strconv.ParseFloat(string(c), 64)
			if err != nil {
				return nil, err
			}
			dst = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, 8), math.Float64bits(f))
		default:
			dst = append(binary.BigEndian.AppendUint64(dst, uint64(len(c))), c...)
		}
	}
	return dst, nil
}

func identifier(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func literal(s string) string {
	return "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(s) + "'"
}
