package loader

import "io"

// moment is a point of a load at which a test can stop it.
type moment string

// The moments, in the order of a load.
const (
	atPlanned   moment = "progress table written"
	atTable     moment = "table created"
	atTables    moment = "all tables created"
	atEmptying  moment = "before TRUNCATE" // of a table that restarts whole
	atTruncated moment = "after TRUNCATE"
	atEmptied   moment = "table emptied"
	atBegun     moment = "before progress row"
	atClaimed   moment = "after progress row" // and before LOAD, where the engine has transactions
	atMiddle    moment = "mid LOAD"
	atLoaded    moment = "after LOAD"
	atStatement moment = "statement of the file run" // and not yet noted, or not committed
	atChecked   moment = "before COMMIT"
	atCommitted moment = "after COMMIT"
	atIndexes   moment = "before indexes"
	atIndexed   moment = "after an index ALTER"
	atForeign   moment = "before foreign keys"
	atForeigned moment = "after foreign keys"
	atStored    moment = "object created" // a view, routine, trigger or event
	atChecks    moment = "before the check"
	atFinish    moment = "before the progress table goes"
)

// reach tells the test, if there is one, where the load is. s is the session at work there and may be nil; of names
// the table or object.
func (l *load) reach(at moment, s *session, of string) error {
	if l.onMoment == nil {
		return nil
	}
	return l.onMoment(at, s, of)
}

// halvedReader reaches a moment in the middle of a chunk: what it has read until then is given away first.
type halvedReader struct {
	io.Reader
	half  int64 // bytes before the moment
	reach func() error
}

func (r *halvedReader) Read(p []byte) (int, error) {
	if r.half <= 0 {
		return r.Reader.Read(p)
	}
	if r.half < int64(len(p)) {
		p = p[:r.half]
	}
	n, err := r.Reader.Read(p)
	if r.half -= int64(n); r.half <= 0 && err == nil {
		err = r.reach()
	}
	return n, err
}
