package verify

import (
	"slices"
	"strconv"
	"strings"
)

// hexText is the one spelling of x'4a', X'4A' and 0x4a; other numbers stay as they are.
func hexText(number string) string {
	if digits, ok := strings.CutPrefix(number, "0x"); ok {
		return "x'" + digits + "'"
	}
	return number
}

// isIntroducer reports a word that names the charset of the literal after it.
func isIntroducer(word string) bool { return len(word) > 1 && word[0] == '_' }

// functions gives the functions that servers print by different names one name each.
func functions(w []string) []string {
	for i := range w {
		if i+1 < len(w) && w[i+1] == "(" {
			w[i] = functionName(w[i])
		}
	}
	return w
}

func functionName(name string) string {
	switch name {
	case "octet_length":
		return "length"
	case "character_length":
		return "char_length"
	case "ucase":
		return "upper"
	case "lcase":
		return "lower"
	case "ceil":
		return "ceiling"
	case "power":
		return "pow"
	case "substring", "mid":
		return "substr"
	}
	return name
}

// operators gives the operators of an expression without parentheses one spelling: MySQL prints %, true, 0 <> a and not a like,
// MariaDB mod, 1, a <> 0 and a not like.
func operators(w []string) []string {
	for i := range w {
		switch rest := w[i:]; {
		case i == 0: // the name of a column
		case w[i] == "%":
			w[i] = "mod"
		case w[i] == "true" && w[i-1] != "is" && w[i-1] != "not":
			w[i] = "1"
		case w[i] == "false" && w[i-1] != "is" && w[i-1] != "not":
			w[i] = "0"
		case matches(rest, []string{"0", "<", ">", "*"}):
			rest[0], rest[1], rest[2], rest[3] = rest[3], "<", ">", "0"
		case matches(rest, []string{"0", "=", "*"}):
			rest[0], rest[1], rest[2] = rest[2], "=", "0"
		case matches(rest, []string{"not", "*", "like"}):
			rest[0], rest[1] = rest[1], "not"
		}
	}
	return w
}

// plainDefaults writes a default in one way: a number without quotes and with its sign, NULL not at all.
func plainDefaults(column []string) []string {
	for i := 0; i+1 < len(column); i++ {
		if column[i] != "default" {
			continue
		}
		text := column[i+1]
		switch {
		case text == "-" && i+2 < len(column):
			column = slices.Delete(column, i+1, i+2)
			column[i+1] = "-" + column[i+1]
		case len(text) > 2 && text[0] == '\'':
			if _, err := strconv.ParseFloat(text[1:len(text)-1], 64); err == nil {
				column[i+1] = text[1 : len(text)-1] // MariaDB prints numbers without quotes
			}
		}
	}
	return cut(column, "default", "null")
}

// plainAttributes puts INVISIBLE, which servers print in different places, at the end, and leaves out what not all print:
// NULL, and the SRID of MariaDB's REF_SYSTEM_ID.
func plainAttributes(column []string) []string {
	column = cut(column, "ref_system_id", "=", "*")
	for i := 1; i < len(column); i++ {
		if column[i] == "null" && column[i-1] != "not" {
			column = slices.Delete(column, i, i+1)
			i--
		}
	}
	for i := 1; i < len(column); i++ {
		if column[i] == "invisible" {
			return append(slices.Delete(column, i, i+1), "invisible")
		}
	}
	return column
}

// inSchema drops the name of a view's own schema before other names: MariaDB and MySQL 5.6 print it where the view
// cannot be opened, such as for want of its definer.
func inSchema(w []string, schema string) []string {
	return cut(w, schema, ".")
}
