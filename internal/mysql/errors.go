package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"

	mysqldriver "github.com/go-sql-driver/mysql"
)

// ConnectError is a server that could not be reached or prepared. Its text never holds the password.
type ConnectError struct {
	Options Options
	Err     error
}

func (e *ConnectError) Error() string {
	label := e.Options.Label
	if label != "" {
		label += " "
	}
	return fmt.Sprintf("connect to %s%s as %s: %v", label, e.Options.Address(), e.Options.User, e.Err)
}

func (e *ConnectError) Unwrap() error { return e.Err }

// Class says what can be done about an error.
type Class int

// The classes of errors.
const (
	Fatal     Class = iota // doing it again gives the same error
	Retry                  // the transaction may be repeated on the same connection: 1213, 1205
	Reconnect              // the connection is gone: repeat the transaction on another one
)

// Classify decides by MySQL error number, for server and client errors alike.
func Classify(err error) Class {
	switch {
	case err == nil:
		return Fatal
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Fatal
	}
	if n := Number(err); n != 0 {
		return classOf(n)
	}
	if isLost(err) {
		return Reconnect
	}
	return Fatal
}

func classOf(number int) Class {
	switch number {
	case 1213, // deadlock
		1205, // lock wait timeout
		1020, // MariaDB: record has changed since last read
		1613, // XA: rolled back by timeout
		1614, // XA: rolled back by deadlock
		1637, // too many concurrent transactions
		3058, // user-level lock deadlock
		3101, // group replication rolled back a conflicting commit
		3572: // NOWAIT, and the lock is held
		return Retry
	case 1053, // server shutdown
		1079, 1080, // aborting, forcing close
		1152, 1184, // aborted connection
		1154, 1155, 1156, 1157, // network: pipe, fcntl, packets out of order, uncompress; 1153 is a packet that is too big
		1158, 1159, 1160, 1161, // network read and write errors and timeouts
		1927, // MariaDB: connection was killed
		2002, 2003, 2006, 2013, 2055,
		3168, // server is not available
		3169, // session was killed
		4031: // disconnected because of inactivity
		return Reconnect
	}
	return Fatal
}

// isLost reports the driver's and the network's ways of saying that a connection is gone.
func isLost(err error) bool {
	for _, gone := range []error{
		driver.ErrBadConn, sql.ErrConnDone, net.ErrClosed, errNoAnswer,
		mysqldriver.ErrInvalidConn, mysqldriver.ErrPktSync, mysqldriver.ErrPktSyncMul, mysqldriver.ErrMalformPkt,
	} {
		if errors.Is(err, gone) {
			return true
		}
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		return name.IsTemporary || name.IsTimeout
	}
	var op *net.OpError
	return errors.As(err, &op)
}

// Number returns the server's error number in err's chain, or 0.
func Number(err error) int {
	var server *mysqldriver.MySQLError
	if errors.As(err, &server) {
		return int(server.Number)
	}
	return 0
}

// IsConnectionLost reports whether the session that returned err is gone.
func IsConnectionLost(err error) bool { return Classify(err) == Reconnect }

// IsDenied reports an error that a missing privilege gives: 1044, 1045, 1142, 1143, 1227, 1370, 3200 and the like.
func IsDenied(err error) bool {
	switch Number(err) {
	case 1044, 1045, 1095, 1131, 1132, 1142, 1143, 1227, 1370, 1410, 1419, 1698, 1820, 1862, 3118, 3200, 3530:
		return true
	}
	return false
}

// IsUnknown reports a statement or variable that this server does not have: 1064, 1193, 1305, 1235, 1295.
func IsUnknown(err error) bool {
	switch Number(err) {
	case 1047, // command
		1064, // syntax
		1109, // table of information_schema
		1193, // variable
		1235, // not in this version
		1289, // feature is disabled
		1295, // not as a prepared statement
		1305: // function or procedure
		return true
	}
	return false
}
