package mysqldump

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/transform"
)

// zone is the time zone in which a table's TIMESTAMP values stand.
type zone struct {
	offset  time.Duration
	columns []int // of rows, that have the type
}

// setZone settles the zone of a table's rows. A file that does not say it would mean another time on each server.
func (t *table) setZone(s *session) error {
	at := t.columns.Timestamps()
	if len(at) == 0 {
		return nil
	}
	offset, ok := parseOffset(s.script.env.Vars[transform.VarTimeZone])
	if !ok {
		return fmt.Errorf("%w: the rows of %s have TIMESTAMP values in time zone %q: put SET TIME_ZONE with their offset from UTC, such as '+02:00', at the start of the file",
			foreign.ErrStatement, t.columns, s.script.env.Vars[transform.VarTimeZone])
	}
	t.zone = &zone{offset: offset, columns: at}
	return nil
}

// parseOffset reads +02:00.
func parseOffset(text string) (time.Duration, bool) {
	hours, minutes, ok := strings.Cut(text, ":")
	h, err := strconv.Atoi(hours)
	m, errMinutes := strconv.Atoi(minutes)
	if !ok || err != nil || errMinutes != nil || len(hours) < 2 || hours[0] != '+' && hours[0] != '-' || m < 0 || m > 59 || h < -14 || h > 14 {
		return 0, false
	}
	if hours[0] == '-' {
		m = -m
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, true
}

// toUTC brings the TIMESTAMP values of a row to UTC, in which a load's sessions are.
func (z *zone) toUTC(row []foreign.Literal) error {
	if z == nil || z.offset == 0 {
		return nil
	}
	for _, i := range z.columns {
		if i >= len(row) || row[i].Form == foreign.Null {
			continue
		}
		text := string(row[i].Text)
		if strings.HasPrefix(text, "0000-00-00") {
			continue
		}
		layout, fraction, found := time.DateTime, "", false
		if text, fraction, found = strings.Cut(text, "."); found {
			fraction = "." + fraction
		}
		at, err := time.Parse(layout, text)
		if err != nil || row[i].Form != foreign.String {
			return fmt.Errorf("%w: %.40q is no TIMESTAMP", foreign.ErrStatement, row[i].Text)
		}
		row[i].Text = []byte(at.Add(-z.offset).Format(layout) + fraction)
	}
	return nil
}
