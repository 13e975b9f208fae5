package replica

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

// StartOptions of one start.
type StartOptions struct {
	Servers
	Places         []Place       // where a copy was taken; default that of the target's last copy
	By             By            // default Auto
	Address        string        // host:port of the source as the target reaches it; default as gomove does
	User           string        // the replication account; default DefaultUser, which is made on the source
	Password       mysql.Secret  // of User; default one that gomove makes up, and User with it
	ExcludeSchemas []string      // that the target ignores; default none
	AllowMissing   bool          // schemas that the target lacks are no reason to stop
	Print          bool          // nothing is changed
	Wait           time.Duration // until the target has connected; default 20 s
}

// DefaultUser is the account that gomove makes on the source.
const DefaultUser = "gomove_replica"

const defaultWait = 20 * time.Second

func (o *StartOptions) ignores(schema string) bool {
	return slices.ContainsFunc(o.ExcludeSchemas, func(s string) bool { return strings.EqualFold(s, schema) })
}

// StartReport is what a start found and did.
type StartReport struct {
	Source     string    `json:"source"`
	Target     string    `json:"target"`
	Place      Place     `json:"place"`
	By         By        `json:"by"`
	TLS        bool      `json:"tls"`
	Findings   []Finding `json:"findings,omitempty"`
	Statements []string  `json:"statements"`
	Printed    bool      `json:"printed,omitempty"` // nothing was changed
	Status     *Report   `json:"status,omitempty"`
}

// starting is one start.
type starting struct {
	o     *StartOptions
	e     *ends
	place Place
	by    By
	host  string
	port  int
	steps []statement
}

// Start configures and starts replication on the target. Its report is nil when nothing is known yet; ErrRefused comes with one when a finding stops it.
func Start(ctx context.Context, o StartOptions) (r *StartReport, err error) {
	e, err := connect(ctx, o.Servers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	s := &starting{o: &o, e: e}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	r = &StartReport{Source: described(e.source), Target: described(e.target), Place: s.place, By: s.by, TLS: s.tls(), Printed: o.Print}
	if r.Findings, err = s.examine(ctx); err != nil {
		return nil, err
	}
	if err = stopping(r.Findings); err != nil && !o.Print {
		return r, err
	}
	if err := s.plan(ctx); err != nil {
		return r, err
	}
	if o.Print {
		for _, step := range s.steps {
			r.Statements = append(r.Statements, step.on+": "+step.shown)
		}
		return r, err
	}
	if err := s.carryOut(ctx, r); err != nil {
		return r, err
	}
	if r.Status, err = s.settle(ctx); err != nil {
		return r, err
	}
	return r, r.Status.Err()
}

// stopping is what of the findings stops the start, as one error.
func stopping(findings []Finding) error {
	var what []string
	for _, f := range findings {
		if f.Stops {
			what = append(what, f.What)
		}
	}
	if len(what) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrRefused, strings.Join(what, "; "))
}

// carryOut takes the steps. Only a configured server tells the filters, so that they are looked at before the last one. The report has what was run.
func (s *starting) carryOut(ctx context.Context, r *StartReport) error {
	take := func(step statement) error {
		err := step.run(ctx, s.e)
		if err == nil {
			r.Statements = append(r.Statements, step.on+": "+step.shown)
		}
		return err
	}
	last := len(s.steps) - 1
	for _, step := range s.steps[:last] {
		if err := take(step); err != nil {
			return err
		}
	}
	err := s.checkFilters(ctx)
	if err == nil {
		err = s.keepFollowed(ctx)
	}
	if err != nil {
		ctx = context.WithoutCancel(ctx)
		return errors.Join(err, take(s.e.speak.forget()))
	}
	return take(s.steps[last])
}

func described(s *mysql.Server) string {
	return fmt.Sprintf("%s (%s %s)", s.Options.Address(), s.Facts.Flavor, s.Facts.Version)
}

// begin finds the place, and the source's address.
func (s *starting) begin(ctx context.Context) (err error) {
	e := s.e
	if same, err := mysql.SameServer(ctx, e.source, e.target); err != nil || same {
		return errors.Join(err, fmt.Errorf("%w: source and target are one server", ErrRefused))
	}
	st, err := readStatus(ctx, e)
	if err != nil {
		return err
	}
	if st != nil {
		return fmt.Errorf("%w: the target already replicates from %s:%d: end that first, with gomove replicate stop --forget", ErrRefused, st.SourceHost, st.SourcePort)
	}
	if err := s.setAddress(); err != nil {
		return err
	}
	places := s.o.Places
	if len(places) == 0 {
		if places, err = copiedPlaces(ctx, e.target); err != nil {
			return err
		}
	}
	if s.place, err = placeOn(places, e.source, net.JoinHostPort(s.host, strconv.Itoa(s.port))); err != nil {
		return err
	}
	s.by, err = s.way(ctx)
	return err
}

func (s *starting) setAddress() error {
	src := s.e.source.Options
	if s.o.Address != "" {
		host, port, err := net.SplitHostPort(s.o.Address)
		if err != nil {
			host, port = s.o.Address, "3306"
		}
		s.host = host
		if s.port, err = strconv.Atoi(port); err != nil {
			return fmt.Errorf("--source-address %q: %w", s.o.Address, err)
		}
		return nil
	}
	if src.Socket != "" {
		return fmt.Errorf("%w: the source was reached by a socket: say with --source-address HOST:PORT where the target finds it", ErrRefused)
	}
	s.host, s.port = src.Host, src.Port
	return nil
}

// way settles how the place is named.
func (s *starting) way(ctx context.Context) (By, error) {
	from, to := s.e.source, s.e.target
	if s.o.By == ByPosition && s.place.File == "" {
		return "", fmt.Errorf("%w: --by position: %s has no file", ErrRefused, s.place.Of)
	}
	maria := from.Facts.Flavor == mysql.MariaDB
	able := s.place.GTIDSet != "" && maria == (to.Facts.Flavor == mysql.MariaDB)
	why := "the place has no GTIDs, or the servers' GTIDs differ in kind"
	if able && !maria {
		for _, server := range []*mysql.Server{from, to} {
			if !strings.EqualFold(server.Facts.Variables["gtid_mode"], "ON") {
				able, why = false, "gtid_mode is not ON on the "+server.Options.Label
			}
		}
		if able {
			if err := s.checkBeyond(ctx); err != nil {
				return "", err
			}
		}
	}
	if s.o.By == ByPosition {
		return ByPosition, nil
	}
	if able {
		if err := s.seedable(ctx); errors.Is(err, errUnseedable) {
			able, why = false, err.Error()
		} else if err != nil {
			return "", err
		}
	}
	switch {
	case s.o.By == ByGTID && !able:
		return "", fmt.Errorf("%w: --by gtid: %s", ErrRefused, why)
	case able:
		return ByGTID, nil
	case s.place.File == "":
		return "", fmt.Errorf("%w: %s names GTIDs only, and they cannot be used: %s", ErrRefused, s.place.Of, why)
	}
	return ByPosition, nil
}

// tls reports whether the channel is encrypted: the source can be, and gomove was not told to go without.
func (s *starting) tls() bool {
	v := s.e.source.Facts.Variables
	if s.e.source.Options.TLS.Mode == mysql.SSLDisabled {
		return false
	}
	if has, ok := v["have_ssl"]; ok {
		return strings.EqualFold(has, "YES")
	}
	return v["ssl_cert"] != ""
}

// plan puts the statements together.
func (s *starting) plan(ctx context.Context) error {
	password, err := s.planAccount(ctx)
	if err != nil {
		return err
	}
	if s.by == ByGTID {
		seeds, err := s.seeds(ctx)
		if err != nil {
			return err
		}
		s.steps = append(s.steps, seeds...)
	}
	if err := s.planFilters(); err != nil {
		return err
	}
	c := channel{host: s.host, port: s.port, user: s.user(), password: password, tls: s.tls(), by: s.by, place: s.place}
	source := &s.e.source.Facts
	c.assign = s.e.target.Facts.AtLeast(mysql.MySQL, 80023) && strings.EqualFold(s.e.target.Facts.Variables["gtid_mode"], "ON") &&
		!strings.EqualFold(source.Variables["gtid_mode"], "ON")
	if c.assign && s.e.speak.managed() {
		if name := s.e.speak.procedure("rds_assign_gtids_to_anonymous_transactions"); name != "" {
			s.steps = append(s.steps, call(name, "LOCAL"))
		}
	}
	configure, err := s.e.speak.configure(c)
	if err != nil {
		return err
	}
	s.steps = append(s.steps, configure, s.e.speak.start())
	return nil
}

// planFilters has the target ignore schemas. The settings hold until it restarts.
func (s *starting) planFilters() error {
	if len(s.o.ExcludeSchemas) == 0 {
		return nil
	}
	var patterns, lines []string
	for _, name := range s.o.ExcludeSchemas {
		p := strings.NewReplacer(`\`, `\\`, "_", `\_`, "%", `\%`).Replace(name) + ".%"
		patterns = append(patterns, p)
		lines = append(lines, "replicate-wild-ignore-table="+p)
	}
	to := &s.e.target.Facts
	switch {
	case s.e.speak.managed():
		return fmt.Errorf("%w: --exclude-schema: set replicate-ignore-db=%s in the target's parameter group in its place", ErrRefused, strings.Join(s.o.ExcludeSchemas, ","))
	case s.e.speak.mariadb:
		s.steps = append(s.steps, onTarget("SET GLOBAL replicate_wild_ignore_table="+quote(strings.Join(patterns, ","))))
	case to.AtLeast(mysql.MySQL, 50703):
		for i := range patterns {
			patterns[i] = quote(patterns[i])
		}
		s.steps = append(s.steps, onTarget("CHANGE REPLICATION FILTER REPLICATE_WILD_IGNORE_TABLE=("+strings.Join(patterns, ",")+")"))
	case !strings.Contains(to.Variables["replicate_wild_ignore_table"], patterns[0]):
		return fmt.Errorf("%w: --exclude-schema: MySQL %s takes this from its option file only: %s, restart it, and start without the flag, with --allow-missing", ErrRefused, to.Version, strings.Join(lines, "; "))
	}
	return nil
}

// settle waits until the target has connected, or says that it cannot.
func (s *starting) settle(ctx context.Context) (*Report, error) {
	wait := s.o.Wait
	if wait == 0 {
		wait = defaultWait
	}
	end := time.Now().Add(wait)
	for looks := 0; ; {
		r, err := read(ctx, s.e)
		if err != nil {
			return nil, err
		}
		st := r.status
		if looks++; !st.receives() {
			looks = 0
		}
		// A source refuses a place after the request for it, when the target says already that it waits for events.
		if looks == 3 || st != nil && (st.IOErrno != 0 || st.SQLErrno != 0) || time.Now().After(end) {
			return diagnose(ctx, s.e, []reading{r})
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
