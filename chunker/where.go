package chunker

import (
	"bytes"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// Where returns the range as a condition, "" for the whole table: `(a>x OR (a=x AND b>=y)) AND (...)`, never row
// constructors: no server uses an index range for them. Values stand as literals in the column's own charset. Values
// that both ends share stand once, as equalities, because long alternatives only use the first key parts on MySQL 5.6.
// Two ends of one part are one BETWEEN where their values can be named: servers look at the condition again for every
// row that the index gives them, and one comparison takes half of the time of two.
// The rows of a partition are selected by the PARTITION clause, not by this condition.
func (r Range) Where(k *Key) string {
	if k == nil || r.Whole() || r.Partition != "" {
		return ""
	}
	if r.Null {
		return k.nullCondition()
	}
	var and []string
	for i := range k.Parts {
		if k.Parts[i].Nullable {
			and = append(and, mysql.QuoteName(k.Parts[i].Column)+" IS NOT NULL")
		}
	}
	for i, v := range r.Equal {
		and = append(and, compare(&k.Parts[i], "=", v))
	}
	parts := k.Parts[min(len(r.Equal), len(k.Parts)):]
	shared := r.shared(parts)
	for i := range shared {
		and = append(and, compare(&parts[i], "=", r.Lower[i]))
	}
	rest := parts[shared:]
	if c, ok := r.between(rest, shared); ok {
		return strings.Join(append(and, c), " AND ")
	}
	if len(r.Lower) > shared {
		last := ">="
		if r.LowerOpen {
			last = ">"
		}
		and = append(and, after(rest, r.Lower[shared:], ">", last))
	}
	if len(r.Upper) > shared {
		and = append(and, after(rest, r.Upper[shared:], "<", "<"))
	}
	return strings.Join(and, " AND ")
}

// shared returns how many leading values the two ends have in common. At least one value of the upper end is left,
// and of an open lower end.
func (r *Range) shared(parts []Part) int {
	n, lower := 0, len(r.Lower)
	if r.LowerOpen {
		lower--
	}
	for n < lower && n+1 < len(r.Upper) && n < len(parts) && bytes.Equal(r.Lower[n], r.Upper[n]) {
		n++
	}
	return n
}

// after returns the condition that a key lies on the op side of t: (a>x OR (a=x AND b>=y)), the last part by last.
func after(parts []Part, t Tuple, op, last string) string {
	var or []string
	equal := ""
	for i, v := range t {
		o := op
		if i == len(t)-1 {
			o = last
		}
		c := compare(&parts[i], o, v)
		if i > 0 {
			c = "(" + equal + c + ")"
		}
		or = append(or, c)
		equal += compare(&parts[i], "=", v) + " AND "
	}
	if len(or) == 1 {
		return or[0]
	}
	return "(" + strings.Join(or, " OR ") + ")"
}

func (k *Key) nullCondition() string {
	var or []string
	for i := range k.Parts {
		if k.Parts[i].Nullable {
			or = append(or, mysql.QuoteName(k.Parts[i].Column)+" IS NULL")
		}
	}
	if len(or) == 0 {
		return "FALSE"
	}
	return "(" + strings.Join(or, " OR ") + ")"
}

func compare(p *Part, op string, v []byte) string {
	return mysql.QuoteName(p.Column) + op + literal(p, v)
}
