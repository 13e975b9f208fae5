package replica

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

// Status is what a server says of its replication, whatever it calls the columns.
type Status struct {
	SourceHost string `json:"source_host"`
	SourcePort int    `json:"source_port"`
	SourceUser string `json:"source_user"`
	SourceID   uint64 `json:"source_server_id,omitempty"` // 0 until it was reached
	SourceUUID string `json:"source_uuid,omitempty"`
	Channel    string `json:"channel,omitempty"`
	Others     int    `json:"other_channels,omitempty"`
	IO         string `json:"io_running"`  // Yes, No, Connecting, Preparing
	SQL        string `json:"sql_running"` // Yes, No
	IOState    string `json:"io_state"`
	SQLState   string `json:"sql_state"`
	Read       Point  `json:"read"`    // received
	Applied    Point  `json:"applied"` // in the source's log
	Lag        *int64 `json:"lag"`     // seconds, as the server counts them; nil where it does not
	RelayBytes int64  `json:"relay_bytes"`
	GTID       bool   `json:"gtid"` // the place is found by GTIDs
	Retrieved  string `json:"retrieved_gtid_set,omitempty"`
	Executed   string `json:"executed_gtid_set,omitempty"` // MariaDB: gtid_slave_pos
	IOErrno    int    `json:"io_errno"`
	IOError    string `json:"io_error,omitempty"`
	SQLErrno   int    `json:"sql_errno"`
	SQLError   string `json:"sql_error,omitempty"`
	Delay      int64  `json:"delay,omitempty"` // seconds that the replica keeps behind on purpose
	// Filters leave changes out, as in "replicate_ignore_db=world".
	Filters []string `json:"filters,omitempty"`
}

// Point is a place in a binary log.
type Point struct {
	File     string `json:"file"`
	Position uint64 `json:"position"`
}

func (p Point) String() string { return fmt.Sprintf("%s:%d", p.File, p.Position) }

// reaches reports a place at q or behind it, in logs of one server.
func (p Point) reaches(q Point) bool {
	a, b := suffix(p.File), suffix(q.File)
	return a > b || a == b && p.Position >= q.Position
}

// suffix is the number of a log file.
func suffix(file string) int64 {
	n, err := strconv.ParseInt(file[strings.LastIndexByte(file, '.')+1:], 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// readStatus returns nil where replication is not configured.
func readStatus(ctx context.Context, e *ends) (*Status, error) {
	rows, err := mysql.QueryNamed(ctx, e.target.DB(), e.speak.statusQuery())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.speak.statusQuery(), err)
	}
	rows = configured(rows)
	if len(rows) == 0 {
		return nil, nil
	}
	r := rows[0]
	number := func(columns ...string) int64 {
		n, _ := strconv.ParseInt(r.First(columns...), 10, 64)
		return n
	}
	s := &Status{
		SourceHost: r.First("source_host", "master_host"), SourcePort: int(number("source_port", "master_port")), SourceUser: r.First("source_user", "master_user"),
		SourceID: uint64(number("source_server_id", "master_server_id")), SourceUUID: r.First("source_uuid", "master_uuid"),
		Channel: r.First("channel_name", "connection_name"), Others: len(rows) - 1,
		IO: r.First("replica_io_running", "slave_io_running"), SQL: r.First("replica_sql_running", "slave_sql_running"),
		IOState: r.First("replica_io_state", "slave_io_state"), SQLState: r.First("replica_sql_running_state", "slave_sql_running_state"),
		Read:       Point{r.First("source_log_file", "master_log_file"), uint64(number("read_source_log_pos", "read_master_log_pos"))},
		Applied:    Point{r.First("relay_source_log_file", "relay_master_log_file"), uint64(number("exec_source_log_pos", "exec_master_log_pos"))},
		RelayBytes: number("relay_log_space"), Retrieved: oneLine(r.Text("retrieved_gtid_set")), Executed: oneLine(r.Text("executed_gtid_set")),
		IOErrno: int(number("last_io_errno")), IOError: r.Text("last_io_error"), SQLErrno: int(number("last_sql_errno")), SQLError: r.Text("last_sql_error"),
		Delay: number("sql_delay"), Filters: filtersOf(r),
	}
	s.GTID = r.Text("auto_position") == "1" || strings.HasSuffix(strings.ToLower(r.Text("using_gtid")), "_pos")
	if lag := r.First("seconds_behind_source", "seconds_behind_master"); lag != "" {
		n, err := strconv.ParseInt(lag, 10, 64)
		if err == nil {
			s.Lag = &n
		}
	}
	if e.speak.mariadb {
		if s.Executed, err = word(ctx, e.target, "SELECT @@GLOBAL.gtid_slave_pos"); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// follows refuses a --source that is another server than the one that the target follows.
func (e *ends) follows(s *Status) error {
	if e.source == nil || s == nil {
		return nil
	}
	f := &e.source.Facts
	other := s.SourceID != 0 && s.SourceID != f.ServerID
	if s.SourceUUID != "" && f.UUID != "" {
		other = s.SourceUUID != f.UUID
	}
	if !other {
		return nil
	}
	return fmt.Errorf("%w: the target follows %s:%d (server id %d %s), and --source %s is another server (server id %d %s)",
		ErrRefused, s.SourceHost, s.SourcePort, s.SourceID, s.SourceUUID, e.source.Options.Address(), f.ServerID, f.UUID)
}

// configured leaves the channels that have a source, the unnamed one first: MySQL 5.6 keeps a row after RESET SLAVE.
func configured(rows []mysql.Named) []mysql.Named {
	var out []mysql.Named
	for _, r := range rows {
		if r.First("source_host", "master_host") == "" {
			continue
		}
		if r.First("channel_name", "connection_name") == "" {
			out = append([]mysql.Named{r}, out...)
		} else {
			out = append(out, r)
		}
	}
	return out
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "") }

// applier is a thread of the target that applies what was received.
type applier struct {
	id    uint64
	state string
	info  string
	time  int64 // seconds
	wait  bool  // for something to do, or for another thread
}

// receiving is the state of the thread that only receives. Its names: master and source.
var receiving = pattern(`(?i)^(waiting for (master|source) to send|queueing (master|source) event|connecting to|reconnecting|requesting binlog|registering|checking (master|source)|waiting to reconnect|waiting for the (slave|replica) sql thread to free)`)

// greets is the state of a receiver that the source may still refuse: its account, its id, its place.
var greets = pattern(`(?i)^($|connecting|reconnecting|checking|registering|requesting|waiting to reconnect)`)

// receives reports whether both threads run, and the receiver is past the steps at which its source may refuse it.
func (s *Status) receives() bool {
	return s != nil && s.IO == "Yes" && s.SQL == "Yes" && !greets().MatchString(s.IOState)
}

// idles are the states of an applier with nothing to apply.
var idles = pattern(`(?i)has read all relay log|waiting for (the )?next event|waiting for an event|waiting for work from|waiting for (slave|replica) workers? to|waiting for dependent|waiting for (an )?event from coordinator|waiting for preceding|waiting for prior`)

// readProcesses asks by SHOW: on MySQL 9.7 information_schema.PROCESSLIST gives error 3854 while anybody's statement has a 4-byte character.
func readProcesses(ctx context.Context, s *mysql.Server) ([]mysql.Named, error) {
	rows, err := mysql.QueryNamed(ctx, s.DB(), "SHOW FULL PROCESSLIST")
	if err != nil {
		return nil, fmt.Errorf("SHOW FULL PROCESSLIST: %w", err)
	}
	for _, r := range rows {
		info := strings.Join(strings.Fields(strings.ToValidUTF8(r.Text("info"), "?")), " ")
		r["info"] = []byte(info[:min(len(info), 200)])
	}
	return rows, nil
}

// readAppliers picks the appliers from the processes.
func readAppliers(processes []mysql.Named) []applier {
	var out []applier
	for _, r := range processes {
		user := r.Text("user")
		if user != "system user" && !strings.HasPrefix(user, "rdsrepladmin") || r.Text("command") == "Slave_IO" || receiving().MatchString(r.Text("state")) {
			continue
		}
		id, _ := strconv.ParseUint(r.Text("id"), 10, 64)
		seconds, _ := strconv.ParseInt(r.Text("time"), 10, 64)
		idle := r.Text("state") == "" && r.Text("info") == "" || idles().MatchString(r.Text("state"))
		out = append(out, applier{id, r.Text("state"), r.Text("info"), seconds, idle})
	}
	return out
}

// readTransactions returns all open ones, by thread.
func readTransactions(ctx context.Context, s *mysql.Server) (map[uint64]mysql.Transaction, error) {
	list, err := mysql.Transactions(ctx, s.DB())
	if err != nil && !mysql.IsDenied(err) {
		return nil, fmt.Errorf("the target's transactions: %w", err)
	}
	out := map[uint64]mysql.Transaction{}
	for _, t := range list {
		out[t.Thread] = t
	}
	return out, nil
}

// reading is all of it at one moment.
type reading struct {
	at           time.Time
	status       *Status
	processes    []mysql.Named
	appliers     []applier
	transactions map[uint64]mysql.Transaction
	source       *Point // the end of the source's log, read first; nil where the source was not asked
}

func read(ctx context.Context, e *ends) (r reading, err error) {
	if e.source != nil {
		end, _, err := logEnd(ctx, e.source)
		if err != nil {
			return r, err
		}
		r.source = &end
	}
	r.at = time.Now()
	if r.status, err = readStatus(ctx, e); err != nil || r.status == nil {
		return r, err
	}
	if err := e.follows(r.status); err != nil {
		return r, err
	}
	if r.processes, err = readProcesses(ctx, e.target); err != nil {
		return r, err
	}
	r.appliers = readAppliers(r.processes)
	r.transactions, err = readTransactions(ctx, e.target)
	return r, err
}

// logEnd is where a server writes its log, and the GTIDs that are in it.
func logEnd(ctx context.Context, s *mysql.Server) (Point, string, error) {
	query := binlogQuery(&s.Facts)
	rows, err := mysql.QueryNamed(ctx, s.DB(), query)
	if err != nil {
		return Point{}, "", fmt.Errorf("%s: %w", query, err)
	}
	if len(rows) == 0 {
		return Point{}, "", fmt.Errorf("%w: the source's binary log is off", ErrRefused)
	}
	n, err := strconv.ParseUint(rows[0].Text("position"), 10, 64)
	if err != nil {
		return Point{}, "", fmt.Errorf("%s: position %q: %w", query, rows[0].Text("position"), err)
	}
	gtid := oneLine(rows[0].Text("executed_gtid_set"))
	if s.Facts.Flavor == mysql.MariaDB {
		if gtid, err = word(ctx, s, "SELECT @@GLOBAL.gtid_binlog_pos"); err != nil {
			return Point{}, "", err
		}
	}
	return Point{rows[0].Text("file"), n}, gtid, nil
}

// logFile is one of SHOW BINARY LOGS.
type logFile struct {
	name string
	size uint64
}

func logFiles(ctx context.Context, s *mysql.Server) ([]logFile, error) {
	rows, err := mysql.QueryNamed(ctx, s.DB(), "SHOW BINARY LOGS")
	if err != nil {
		return nil, fmt.Errorf("SHOW BINARY LOGS: %w", err)
	}
	var out []logFile
	for _, r := range rows {
		n, _ := strconv.ParseUint(r.Text("file_size"), 10, 64)
		out = append(out, logFile{r.Text("log_name"), n})
	}
	return out, nil
}
