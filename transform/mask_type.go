package transform

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// columnType is a COLUMN_TYPE taken apart.
type columnType struct {
	name     string
	chars    int // that it takes; of binary types bytes
	digits   int // of DECIMAL
	scale    int
	unsigned bool
}

// unlimited is the length of types that take more than any mask makes.
const unlimited = math.MaxInt32

// typeOf reads a COLUMN_TYPE.
func typeOf(text string) columnType {
	text = strings.ToLower(text)
	name, rest := text, ""
	if i := strings.IndexAny(text, "( "); i >= 0 {
		name, rest = text[:i], text[i:]
	}
	t := columnType{name: name, chars: unlimited, unsigned: strings.Contains(rest, "unsigned")}
	numbers := []int{}
	if inside, _, ok := strings.Cut(strings.TrimPrefix(rest, "("), ")"); ok && strings.HasPrefix(rest, "(") {
		for part := range strings.SplitSeq(inside, ",") {
			if n, err := strconv.Atoi(strings.TrimSpace(part)); err == nil {
				numbers = append(numbers, n)
			}
		}
	}
	switch name {
	case "char", "varchar", "binary", "varbinary":
		t.chars = 1
		if len(numbers) > 0 {
			t.chars = numbers[0]
		}
	case "tinytext", "tinyblob":
		t.chars = 255 / 4
	case "decimal", "numeric":
		t.digits = 10
		if len(numbers) > 0 {
			t.digits = numbers[0]
		}
		if len(numbers) > 1 {
			t.scale = numbers[1]
		}
	}
	return t
}

func (t columnType) isInteger() bool {
	switch t.name {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint":
		return true
	}
	return false
}

func (t columnType) isFloat() bool {
	return t.name == "float" || t.name == "double" || t.name == "real"
}

func (t columnType) isNumber() bool {
	return t.isInteger() || t.isFloat() || t.name == "decimal" || t.name == "numeric"
}

func (t columnType) isText() bool {
	switch t.name {
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		return true
	}
	return false
}

func (t columnType) isBytes() bool {
	switch t.name {
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return true
	}
	return false
}

func (t columnType) isDate() bool {
	return t.name == "date" || t.name == "datetime" || t.name == "timestamp"
}

// bounds of an integer type.
func (t columnType) bounds() (lo int64, hi uint64) {
	bits := map[string]int{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32, "bigint": 64}[t.name]
	if t.unsigned {
		return 0, math.MaxUint64 >> (64 - bits)
	}
	return -1 << (bits - 1), 1<<(bits-1) - 1
}

// fixed is a value as its column's rows have it, or why the column cannot have it.
func (t columnType) fixed(value string, c MaskedColumn) ([]byte, error) {
	switch {
	case t.isInteger():
		lo, hi := t.bounds()
		n, negative, err := parseInteger([]byte(value))
		if err != nil || negative && ^int64(n) < lo || !negative && n > hi {
			return nil, fmt.Errorf("%q is no value of %s", value, c.ColumnType)
		}
	case t.isNumber():
		if err := t.fixedNumber(value); err != nil {
			return nil, fmt.Errorf("%q is no value of %s", value, c.ColumnType)
		}
	case t.isText():
		return t.fixedText(value, c)
	case t.isBytes():
		if len(value) > t.chars {
			return nil, fmt.Errorf("%q is longer than %s", value, c.ColumnType)
		}
		if t.name == "binary" {
			return append([]byte(value), make([]byte, t.chars-len(value))...), nil
		}
	case t.name == "enum", t.name == "set":
		if !slices.Contains(c.Members, value) && (t.name == "enum" || value != "") {
			return nil, fmt.Errorf("%q is no member of %s", value, c.ColumnType)
		}
		return encodeIn(value, c.Charset)
	case t.name == "json":
		if !json.Valid([]byte(value)) {
			return nil, errors.New("its value is no JSON")
		}
	default:
		layout := map[string]string{
			"date": time.DateOnly, "datetime": "2006-01-02 15:04:05.999999", "timestamp": "2006-01-02 15:04:05.999999", "time": "15:04:05.999999", "year": "2006",
		}[t.name]
		if _, err := time.Parse(layout, value); err != nil || layout == "" {
			return nil, fmt.Errorf("%q is no value of %s that fixed can write", value, c.ColumnType)
		}
	}
	return []byte(value), nil
}

// fixedNumber checks a DECIMAL, FLOAT or DOUBLE.
func (t columnType) fixedNumber(value string) error {
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(value, "xXpP_") || t.unsigned && f < 0 {
		return errNoNumber
	}
	if t.isFloat() {
		return nil
	}
	whole, fraction, _ := strings.Cut(strings.TrimLeft(value, "+-"), ".")
	if len(strings.TrimLeft(whole, "0")) > t.digits-t.scale || len(fraction) > t.scale || strings.ContainsAny(value, "eE") {
		return errNoNumber
	}
	return nil
}

func (t columnType) fixedText(value string, c MaskedColumn) ([]byte, error) {
	if !utf8.ValidString(value) {
		return nil, errors.New("its value is not valid UTF-8")
	}
	if utf8.RuneCountInString(value) > t.chars {
		return nil, fmt.Errorf("%q is longer than %s", value, c.ColumnType)
	}
	return encodeIn(value, c.Charset)
}
