package transform

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// ErrMask is a mask that a column cannot have.
var ErrMask = errors.New("cannot be masked so")

// MaskKind is a way to put another value in the place of a cell's.
type MaskKind string

// The methods of --mask. NULL stays NULL under each of them.
const (
	MaskNull   MaskKind = "null"   // NULL
	MaskFixed  MaskKind = "fixed"  // one value for every row
	MaskHash   MaskKind = "hash"   // what a key makes of the value: equal values stay equal
	MaskDigits MaskKind = "digits" // other digits in the same places, one to one
	MaskEmail  MaskKind = "email"  // an address at example.com, made as by hash
)

// MaskMethod is a method of --mask with its value.
type MaskMethod struct {
	Kind  MaskKind
	Value string // of fixed, in UTF-8
}

// ParseMask reads "hash" or "fixed:VALUE".
func ParseMask(s string) (MaskMethod, error) {
	name, value, given := strings.Cut(s, ":")
	m := MaskMethod{Kind: MaskKind(name), Value: value}
	switch m.Kind {
	case MaskFixed:
		if !given {
			return m, errors.New("fixed wants its value: fixed:VALUE")
		}
		return m, nil
	case MaskNull, MaskHash, MaskDigits, MaskEmail:
		if given {
			return m, fmt.Errorf("%s takes no value", name)
		}
		return m, nil
	}
	return m, fmt.Errorf("no method %q: use null, fixed:VALUE, hash, digits or email", name)
}

// String is the method as ParseMask reads it.
func (m MaskMethod) String() string {
	if m.Kind == MaskFixed {
		return "fixed:" + m.Value
	}
	return string(m.Kind)
}

// Keyed reports whether the method needs a key.
func (m MaskMethod) Keyed() bool {
	return m.Kind == MaskHash || m.Kind == MaskDigits || m.Kind == MaskEmail
}

// MaskedColumn is what a mask has to know of its column.
type MaskedColumn struct {
	ColumnType string   // "varchar(40)", "int(10) unsigned", "enum('a','b')"
	Charset    string   // of the column; empty for types without one
	Collation  string   // of the column
	Members    []string // of ENUM and SET, in UTF-8
	Nullable   bool
	Numbered   bool // AUTO_INCREMENT
	Unique     bool // a part of a unique key
	Prefixed   bool // with its first characters only
}

// Mask masks the cells of one column. It is safe for concurrent use.
type Mask struct {
	Method MaskMethod
	make   func(cell []byte) ([]byte, error)
	width  int // characters of what hash makes of text, 0 for other values
	column MaskedColumn
	key    *MaskKey
}

// NewMask returns a column's mask, or an error that says why it cannot have it. key may be nil where no method needs it.
func NewMask(m MaskMethod, key *MaskKey, c MaskedColumn) (*Mask, error) {
	mask := &Mask{Method: m, column: c, key: key}
	if m.Keyed() && key == nil {
		return nil, fmt.Errorf("%w: %s needs a key", ErrMask, m.Kind)
	}
	if c.Numbered {
		return nil, fmt.Errorf("%w: AUTO_INCREMENT makes its values", ErrMask)
	}
	if c.Unique && c.Prefixed && m.Kind != MaskNull {
		return nil, fmt.Errorf("%w: a unique key holds its first characters only, which may become equal", ErrMask)
	}
	if err := mask.build(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMask, err)
	}
	return mask, nil
}

func (m *Mask) build() (err error) {
	c, t := m.column, typeOf(m.column.ColumnType)
	switch m.Method.Kind {
	case MaskNull:
		if !c.Nullable {
			return errors.New("it is NOT NULL")
		}
		m.make = func([]byte) ([]byte, error) { return nil, nil }
	case MaskFixed:
		if c.Unique {
			return errors.New("a unique key takes one value once")
		}
		value, err := t.fixed(m.Method.Value, c)
		if err != nil {
			return err
		}
		m.make = func([]byte) ([]byte, error) { return value, nil }
	case MaskHash:
		m.make, err = m.hash(t)
	case MaskDigits:
		m.make, err = m.digits(t)
	case MaskEmail:
		m.make, err = m.email(t)
	}
	return err
}

// Apply is what stands in the place of a cell; nil is NULL. The cell stays as it is.
func (m *Mask) Apply(cell []byte) ([]byte, error) {
	if cell == nil {
		return nil, nil
	}
	return m.make(cell)
}

// In is the mask of cells whose text is in another charset than their column's.
func (m *Mask) In(charset string) *Mask {
	if m.column.Charset == "" || m.column.Charset == "binary" || m.column.Charset == charset {
		return m
	}
	other := *m
	other.column.Charset = charset
	if err := other.build(); err != nil {
		return m // UTF-8 takes what any other charset takes
	}
	return &other
}

// Agrees reports whether equal values of two columns stay equal, as a foreign key between them asks.
func (m *Mask) Agrees(parent *Mask) bool {
	switch {
	case m == nil || parent == nil:
		return m == parent || m != nil && m.Method.Kind == MaskNull
	case m.Method.Kind == MaskNull:
		return true
	}
	return m.Method == parent.Method && m.width == parent.width && m.Method.Kind != MaskFixed
}

// email makes an address of text.
func (m *Mask) email(t columnType) (func([]byte) ([]byte, error), error) {
	const domain, least = "@example.com", 6
	if !t.isText() {
		return nil, fmt.Errorf("email makes text, and the column is %s", t.name)
	}
	m.width = min(hashChars, t.chars-len(domain))
	if m.width < least || m.column.Unique && m.width < uniqueChars {
		return nil, fmt.Errorf("%s is too short for an address that is different for every value: it takes %d characters",
			m.column.ColumnType, len(domain)+uniqueChars)
	}
	return func(cell []byte) ([]byte, error) {
		text := m.key.text(canonicalText(cell, m.column), m.width)
		return ASCIIIn(append(text, domain...), m.column.Charset), nil
	}, nil
}

// hash makes a value of the same type.
func (m *Mask) hash(t columnType) (func([]byte) ([]byte, error), error) {
	switch {
	case t.isInteger():
		return m.key.integer, nil
	case t.isNumber():
		return m.digits(t)
	case t.isText():
		m.width = min(hashChars, t.chars)
		if m.column.Unique && m.width < uniqueChars {
			return nil, fmt.Errorf("%s is too short for values that stay different: a unique key asks for %d characters", m.column.ColumnType, uniqueChars)
		}
		return func(cell []byte) ([]byte, error) {
			return ASCIIIn(m.key.text(canonicalText(cell, m.column), m.width), m.column.Charset), nil
		}, nil
	case t.isBytes():
		m.width = min(hashBytes, t.chars)
		if m.column.Unique && m.width < uniqueBytes {
			return nil, fmt.Errorf("%s is too short for values that stay different: a unique key asks for %d bytes", m.column.ColumnType, uniqueBytes)
		}
		fill := 0
		if t.name == "binary" {
			fill = t.chars - m.width
		}
		return func(cell []byte) ([]byte, error) {
			sum := m.key.sum("bytes", cell)
			return append(sum[:m.width:m.width], make([]byte, fill)...), nil
		}, nil
	case t.name == "uuid":
		return func(cell []byte) ([]byte, error) { return m.key.uuid(bytes.ToLower(cell)), nil }, nil
	case t.isDate():
		return m.key.date, nil
	}
	return nil, fmt.Errorf("there is no hash of type %s; use null or fixed", t.name)
}

// digits makes other digits of the same number.
func (m *Mask) digits(t columnType) (func([]byte) ([]byte, error), error) {
	switch {
	case t.isInteger():
		return m.key.integerDigits, nil
	case t.isFloat():
		if m.column.Unique {
			return nil, errors.New("two values may become the same number, and a unique key holds it")
		}
		bits := 64
		if t.name == "float" {
			bits = 32
		}
		return func(cell []byte) ([]byte, error) { return m.key.floatDigits(cell, bits) }, nil
	case t.isNumber():
		return m.key.decimalDigits, nil
	case t.isText(), t.isBytes(), t.name == "uuid":
		return func(cell []byte) ([]byte, error) { return m.key.textDigits(cell, m.column.Charset), nil }, nil
	}
	return nil, fmt.Errorf("type %s has no digits that can be changed; use null or fixed", t.name)
}
