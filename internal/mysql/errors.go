package mysql

// Class says what can be done about an error.
type Class int

// The classes of errors.
const (
	Fatal     Class = iota // doing it again gives the same error
	Retry                  // the transaction may be repeated on the same connection: 1213, 1205
	Reconnect              // the connection is gone: repeat the transaction on another one
)

// Classify decides by MySQL error number, for server and client errors alike.
func Classify(err error) Class { panic("skeleton") }

// Number returns the server's error number in err's chain, or 0.
func Number(err error) int { panic("skeleton") }

// IsConnectionLost reports whether the session that returned err is gone.
func IsConnectionLost(err error) bool { return Classify(err) == Reconnect }

// IsDenied reports an error that a missing privilege gives: 1044, 1045, 1142, 1143, 1227, 1370, 3200 and the like.
func IsDenied(err error) bool { panic("skeleton") }

// IsUnknown reports a statement or variable that this server does not have: 1064, 1193, 1305, 1235, 1295.
func IsUnknown(err error) bool { panic("skeleton") }

// Hint returns what a user can do about err, drawn from the migration handbook's troubleshooting chapter; empty when there is none.
func Hint(err error) string { panic("skeleton") }
