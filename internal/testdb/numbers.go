package testdb

import (
	"fmt"
	"strings"
)

// Numbers is SQL for a derived table of one column n that holds first to last, in that order on every server.
func Numbers(first, last int) string {
	const digit = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4" +
		" UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
	var sum, from []string
	for i, p := 0, 1; i == 0 || p <= last-first; i, p = i+1, p*10 {
		sum = append([]string{fmt.Sprintf("%d*d%d.d", p, i)}, sum...)
		from = append([]string{fmt.Sprintf("%s AS d%d", digit, i)}, from...)
	}
	value := strings.Join(sum, "+")
	n := value
	if first != 0 {
		n = fmt.Sprintf("%d+%s", first, value)
	}
	return fmt.Sprintf("(SELECT STRAIGHT_JOIN %s AS n FROM %s WHERE %s<=%d) AS numbers", n, strings.Join(from, " STRAIGHT_JOIN "), value, last-first)
}
