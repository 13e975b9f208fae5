package mysql

import (
	"context"
	"regexp"
	"strconv"
	"strings"
)

// Transaction is one that InnoDB has open.
type Transaction struct {
	Thread   uint64 // of the session; 0 for one that was recovered
	Waits    bool   // for a row lock
	Modified int64  // rows; SHOW ENGINE INNODB STATUS calls them undo log entries
	Locked   int64  // row locks
	Age      int64  // seconds
}

// errNotUTF8MB3 is what MySQL 9.7 gives for information_schema.INNODB_TRX and PROCESSLIST while a statement has a 4-byte character.
const errNotUTF8MB3 = 3854

// Transactions lists the open transactions of InnoDB. It needs PROCESS.
func Transactions(ctx context.Context, from Queryer) ([]Transaction, error) {
	rows, err := QueryNamed(ctx, from, "SELECT trx_mysql_thread_id AS thread, trx_state AS state, trx_rows_modified AS modified, trx_rows_locked AS locked,"+
		" TIMESTAMPDIFF(SECOND, trx_started, SYSDATE()) AS age FROM information_schema.INNODB_TRX")
	if Number(err) == errNotUTF8MB3 {
		return statusTransactions(ctx, from)
	}
	var out []Transaction
	for _, r := range rows {
		number := func(column string) int64 {
			n, _ := strconv.ParseInt(r.Text(column), 10, 64)
			return n
		}
		out = append(out, Transaction{uint64(number("thread")), r.Text("state") == "LOCK WAIT", number("modified"), number("locked"), number("age")})
	}
	return out, err
}

var (
	activeFor   = regexp.MustCompile(`^---TRANSACTION \d+, ACTIVE(?: \([A-Z ]+\))? (\d+) sec`)
	ofThread    = regexp.MustCompile(`^M\w+ thread id (\d+),`)
	undoEntries = regexp.MustCompile(`undo log entries (\d+)`)
	rowLocks    = regexp.MustCompile(`(\d+) row lock\(s\)`)
)

// statusTransactions reads the TRANSACTIONS section of SHOW ENGINE INNODB STATUS.
func statusTransactions(ctx context.Context, from Queryer) ([]Transaction, error) {
	rows, err := QueryNamed(ctx, from, "SHOW ENGINE INNODB STATUS")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return parseTransactions(rows[0].Text("status")), nil
}

func parseTransactions(status string) []Transaction {
	number := func(m []string) int64 {
		if m == nil {
			return 0
		}
		n, _ := strconv.ParseInt(m[1], 10, 64)
		return n
	}
	var out []Transaction
	inside, told := false, false // told: what follows is the statement's own text
	for line := range strings.Lines(status) {
		if strings.HasPrefix(line, "---") {
			m := activeFor.FindStringSubmatch(line)
			if inside, told = m != nil, false; inside {
				out = append(out, Transaction{Age: number(m)})
			}
			continue
		}
		if !inside || told {
			continue
		}
		t := &out[len(out)-1]
		if m := ofThread.FindStringSubmatch(line); m != nil {
			t.Thread, told = uint64(number(m)), true
			continue
		}
		if locks := rowLocks.FindStringSubmatch(line); locks != nil {
			t.Waits = strings.HasPrefix(line, "LOCK WAIT")
			t.Locked, t.Modified = number(locks), number(undoEntries.FindStringSubmatch(line))
		}
	}
	return out
}
