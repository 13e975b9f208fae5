package testdb

import "testing"

// A statement that ends in a deadlock is run again, any other error is told at once.
func TestSteadily(t *testing.T) {
	s := Start(t, MariaDB)
	schema := s.Schema(t)
	db := s.DB(t)
	db.SetMaxOpenConns(1)
	for name, number := range map[string]string{"deadlock": "1213", "other": "1205"} {
		s.Exec(t, "CREATE PROCEDURE "+schema+"."+name+"() BEGIN SET @calls = IFNULL(@calls, 0) + 1; IF @calls < 3 THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO="+number+"; END IF; END")
		if _, err := db.ExecContext(t.Context(), "SET @calls = NULL"); err != nil {
			t.Fatal(err)
		}
		err := Steadily(t.Context(), db, "CALL "+schema+"."+name+"()")
		if (err == nil) != (name == "deadlock") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
