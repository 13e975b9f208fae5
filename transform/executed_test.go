package transform

import (
	"errors"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

func targetOf(k testdb.Kind) Target {
	switch k {
	case testdb.MySQL56:
		return Target{Flavor: "mysql", Number: 50624}
	case testdb.MySQL97:
		return Target{Flavor: "mysql", Number: 90704}
	case testdb.MariaDB:
	}
	return Target{Flavor: "mariadb", Number: 101119}
}

// TestExecuted asks real servers which versioned comments they execute.
func TestExecuted(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			db := testdb.Start(t, k).DB(t)
			for _, mark := range []string{"!", "!00000", "!32302", "!40101", "!50003", "!50624", "!50699", "!50700", "!80000", "!80016", "!90704", "!99999",
				"!050003", "!100000", "!100100", "!101100", "!110000", "!999999", "M!", "M!50003", "M!80000", "M!100100", "M!999999"} {
				stmt := "SELECT 1 /*" + mark + " +1 */"
				tokens, err := Executed(Lex([]byte(stmt), Mode{Charset: "utf8mb4"}), targetOf(k))
				var got int
				queryErr := db.QueryRowContext(t.Context(), stmt).Scan(&got)
				if errors.Is(err, ErrUnclear) {
					continue // refused whatever the server does
				}
				if err != nil || queryErr != nil {
					t.Fatalf("%s: %v, %v", stmt, err, queryErr)
				}
				if read := strings.Contains(string(Join(tokens)), "+1"); read != (got == 2) {
					t.Errorf("%s: executed %v, the server says %d", stmt, read, got)
				}
			}
		})
	}
	if _, err := Executed(Lex([]byte("SELECT /*!99999 1 /*!50000 2 */ */ 3"), Mode{}), targetOf(testdb.MySQL97)); !errors.Is(err, ErrUnclear) {
		t.Errorf("nested: %v", err)
	}
}
