package replica

import (
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// By says what names the place that replication begins at.
type By string

// The ways. Auto takes GTIDs where both sides use them and they can be seeded without loss, else file and position.
const (
	Auto       By = "auto"
	ByGTID     By = "gtid"
	ByPosition By = "position"
)

// channel is what a target is told of its source.
type channel struct {
	host     string
	port     int
	user     string
	password mysql.Secret
	tls      bool
	by       By // ByGTID or ByPosition
	place    Place
	assign   bool // GTIDs to transactions that have none
}

// connectRetry is how long a replica waits before it connects again, in seconds.
const connectRetry = 10

// configure returns what tells the target its source.
func (d dialect) configure(c channel) (statement, error) {
	if d.managed() {
		return d.callConfigure(c)
	}
	word := d.pick("SOURCE", "MASTER")
	var b strings.Builder
	set := func(name, value string) { fmt.Fprintf(&b, "%s_%s=%s, ", word, name, value) }
	set("HOST", quote(c.host))
	set("PORT", fmt.Sprint(c.port))
	set("USER", quote(c.user))
	set("PASSWORD", hiddenPassword)
	set("CONNECT_RETRY", fmt.Sprint(connectRetry))
	if c.tls {
		set("SSL", "1")
		if d.mariadb {
			set("SSL_VERIFY_SERVER_CERT", "0")
		}
	} else {
		set("SSL", "0")
	}
	switch {
	case c.by == ByPosition:
		set("LOG_FILE", quote(c.place.File))
		set("LOG_POS", fmt.Sprint(c.place.Position))
		if d.mariadb {
			set("USE_GTID", "no")
		} else {
			set("AUTO_POSITION", "0")
		}
	case d.mariadb:
		set("USE_GTID", "slave_pos")
	default:
		set("AUTO_POSITION", "1")
	}
	if !d.old {
		b.WriteString("GET_SOURCE_PUBLIC_KEY=1, ")
		if c.assign {
			b.WriteString("ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS=LOCAL, ")
		}
	}
	shown := d.pick("CHANGE REPLICATION SOURCE TO ", "CHANGE MASTER TO ") + strings.TrimSuffix(b.String(), ", ")
	s := onTarget(shown)
	s.sql = strings.Replace(shown, hiddenPassword, quote(c.password.Reveal()), 1)
	return s, nil
}

// callConfigure does so by the procedure that the server has, with as many arguments as it takes.
func (d dialect) callConfigure(c channel) (statement, error) {
	tls := 0
	if c.tls {
		tls = 1
	}
	if c.by == ByPosition {
		name := d.procedure("rds_set_external_source", "rds_set_external_master")
		return call(name, c.host, c.port, c.user, c.password, c.place.File, c.place.Position, tls), d.takes(name, 7)
	}
	if name := d.procedure("rds_set_external_master_gtid"); name != "" && d.mariadb {
		return call(name, c.host, c.port, c.user, c.password, c.place.GTIDSet, tls), d.takes(name, 6)
	}
	name := d.procedure("rds_set_external_source_with_auto_position", "rds_set_external_master_with_auto_position")
	args := []any{c.host, c.port, c.user, c.password, tls}
	switch {
	case name == "":
		return statement{}, fmt.Errorf("%w: the target has no procedure for GTIDs: use --by position", ErrRefused)
	case d.procedures[name] == 6:
		args = append(args, 0) // delay
	}
	return call(name, args...), d.takes(name, len(args))
}

// takes refuses a procedure of another shape than the known ones, rather than sending a password to the wrong place.
func (d dialect) takes(name string, want int) error {
	if has := d.procedures[name]; has != want {
		return fmt.Errorf("%w: mysql.%s takes %d arguments on this server, and gomove knows it with %d", ErrRefused, name, has, want)
	}
	return nil
}
