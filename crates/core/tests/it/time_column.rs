//! Which column paces a recording that nobody described: the shapes of public data sets, with what a person would say
//! of each. The first line of a case is the header; the expectation is `column format`, or a part of the error.

use kadence_core::schedule::Schedule;
use kadence_core::source::{Recording, RecordingOptions};

use crate::{csv, json_lines};

/// Opens a recording that is paced by its own times.
fn clock_of(text: &str, options: RecordingOptions) -> Result<String, String> {
    let options =
        RecordingOptions { schedule: Schedule::Recorded { speed: "1".parse().unwrap() }, ..options };
    let reader = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
    match Recording::open("data", reader, &options) {
        Ok(recording) => {
            let found = recording.time_column().unwrap();
            assert!(found.guessed);
            Ok(format!("{} {}", found.column, found.format))
        }
        Err(faults) => Err(faults.iter().map(crate::shown).collect::<Vec<_>>().join("\n")),
    }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        // Columns are parted by `|` here where the recording has commas.
        let text = format!("{}\n", text.replace(" / ", "\n"));
        match clock_of(&text, csv()) {
            Ok(found) => assert_eq!(found, *expected, "{text}"),
            Err(error) => assert!(
                error.contains(expected) && !error.contains("sort the file"),
                "{text}: {error}, where {expected} is expected"
            ),
        }
    }
}

#[test]
fn a_name_that_says_time_comes_first() {
    check(&[
        ("userId,movieId,rating,timestamp / 1,1,4.0,964982703 / 1,3,4.0,964982931", "timestamp s"),
        (
            "Vehicle_ID,Frame_ID,Total_Frames,Global_Time,Local_X / 515,2330,1123,1118848075000,30.0",
            "Global_Time ms",
        ),
        ("id,time,mag / 1,2021-01-01T00:00:00Z,2.5", "time iso"),
        (
            "time,latitude,longitude,depth,mag,updated / 2018-01-31T01:49:59.650Z,1,2,3,4,2018-02-01T00:00:00Z",
            "time iso",
        ),
        ("timestamp,value / 2014-07-01 00:00:00,10844", "timestamp iso"),
        ("Timestamp,Open,High,Low,Close / 1325317920,4.39,4.39,4.39,4.39", "Timestamp s"),
        ("ts,device,co,humidity / 1594512094.3859746,b8:27,0.004,51.0", "ts s"),
        (
            "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime / 1,2019-01-01 00:46:40,2019-01-01 00:53:20",
            "tpep_pickup_datetime iso",
        ),
        ("Index,Arrival_Time,Creation_Time,x / 0,1424696633908,1424696631913248572,-5.9", "Arrival_Time ms"),
        ("seconds_elapsed,z,y,x,time / 0.08,1,2,3,1628000000000000000", "time ns"),
        ("lat,lon,elevation,time / 47.6,-122.3,4.4,2009-10-17T18:37:26Z", "time iso"),
        (
            "ID,Source,Severity,Start_Time,End_Time / A-1,S,3,2016-02-08 05:46:00,2016-02-08 11:00:00",
            "Start_Time iso",
        ),
        ("station,valid_time,tmpf / AMW,2020-01-01 00:53,30.9", "valid_time iso"),
        ("symbol,price,event_time / BTC,7000.1,1586563200000", "event_time ms"),
        ("node,temp,unix_timestamp / 3,20.1,1600000000", "unix_timestamp s"),
        ("user,action,eventTime / u1,click,2020-05-01T12:00:00Z", "eventTime iso"),
        ("name,created_at / x,2020-05-01T12:00:00Z", "created_at iso"),
        ("name,createdAt,updatedAt / x,2020-05-01T12:00:00Z,2020-06-01T12:00:00Z", "createdAt iso"),
        ("date,close / 2020-01-02,300.35", "date iso"),
        ("order_id,order_date,amount / 7,2020-01-02,9.5", "order_date iso"),
        ("a,b,Date Time,c / 1,2,2020-01-02 03:04:05,3", "Date Time iso"),
        ("Zeitstempel,Wert / 2020-01-02 03:04:05,1", "Zeitstempel iso"),
        ("t,v / 0.0,1 / 0.1,2", "t s"),
        ("v,t / 5,0 / 4,1", "t s"),
        ("time,ax,ay / 9656.196248,0.1,0.2", "time s"),
        ("elapsed,x / 0.5,1 / 1.0,2", "elapsed s"),
        ("time_ms,x / 0,1 / 10,2", "time_ms ms"),
        ("time (us),x / 1500,1 / 2500,2", "time (us) us"),
        ("t[ns],x / 1500,1 / 2500,2", "t[ns] ns"),
        ("timestampMs,lat / 1600000000000,1.5", "timestampMs ms"),
        ("elapsed_seconds,x / 1,1 / 2,2", "elapsed_seconds s"),
        ("@timestamp,message / 2020-01-02T03:04:05.678Z,hello", "@timestamp iso"),
        ("timeStamp,elapsed,label / 1600000000000,250,home", "timeStamp ms"),
        ("response_time_ms,endpoint,timestamp / 20,/a,1600000000", "timestamp s"),
        ("trip_duration,pickup_datetime / 455,2016-03-14 17:24:55", "pickup_datetime iso"),
        ("tz,time / Europe/Paris,2020-01-02 03:04:05", "time iso"),
        ("time_zone,utc / +01:00,2020-01-02 03:04:05", "utc iso"),
        ("year,month,timestamp / 2020,1,1577836800", "timestamp s"),
        ("date,timestamp,v / 2020-01-01,1577836800,3", "timestamp s"),
        ("date,time,datetime / 2020-01-01,12:00:00,2020-01-01 12:00:00", "datetime iso"),
        (",time,value / 0,2021-01-01 00:00:00,5", "time iso"),
        ("time,v / 1.609459200500000000e+09,1", "time s"),
        ("time,v / 2022-07-01T12:00:00[Europe/Paris],1", "time iso"),
        ("epoch,v / 1609459200123456,1", "epoch us"),
    ]);
}

#[test]
fn a_name_that_says_time_in_an_unknown_form_is_the_error() {
    check(&[
        (
            "time,count / 2015/01/01 01:00:00,2",
            "`time`: `2015/01/01 01:00:00` is in no form of a time that is recognised; state it with --time-format '%Y/%m/%d %H:%M:%S'",
        ),
        ("date,price / Jan 1 2000,39.81", "state it with --time-format '%b %d %Y'"),
        (
            "InvoiceNo,InvoiceDate,Price / 536365,12/1/2010 8:26,2.55",
            "column 2 `InvoiceDate`: `12/1/2010 8:26` is in no form of a time that is recognised; state it with --time-format '%d/%m/%Y %H:%M' or '%m/%d/%Y %H:%M'",
        ),
        ("Date Time,p (mbar) / 01.01.2009 00:10:00,996.5", "'%d.%m.%Y %H:%M:%S'"),
        ("date,v / 31/12/2020,5", "'%d/%m/%Y'"),
        ("date,v / 12/31/2020,5", "'%m/%d/%Y'"),
        ("date,v / 31.12.2020,5", "'%d.%m.%Y'"),
        ("day,v / 31-12-2020,5", "'%d-%m-%Y'"),
        ("id,time / 1,31/12/2020 23:59", "'%d/%m/%Y %H:%M'"),
        ("time,v / 2021-01-01 00:00:00 UTC,1", "'%Y-%m-%d %H:%M:%S %Z'"),
        ("ip,time,url / 10.1.2.3,[29/Nov/2017:06:58:55,/login", "'[%d/%b/%Y:%H:%M:%S'"),
        (
            "date,v / 20210131,5",
            "`20210131` is in no form of a time that is recognised; state it with --time-format '%Y%m%d'",
        ),
        ("timestamp,v / 20210131235959,5", "'%Y%m%d%H%M%S'"),
        (
            "year,passengers / 1949,112",
            "`1949` is in no form of a time that is recognised; state it with --time-format '%Y'",
        ),
        ("Month,Passengers / 1949-01,112", "'%Y-%m'"),
        ("hour,load / 0,5 / 1,6", "`hour`: `0` is in no form"),
        ("time,v / 12:00:00,1", "a time of day needs a date"),
        ("time,v / 9:30 PM,1", "a time of day needs a date"),
        ("v,time / 3,23:59:59.5", "a time of day needs a date"),
        (
            "timestamp,v / ,1 / 2021-01-01 00:00:00,2",
            "column 1 `timestamp`: `` is in no form of a time that is recognised; there is no time in it: fill it in",
        ),
        ("id,time,v / 5,,1 / 6,2021-01-01 00:00:00,2", "column 2 `time`: `` is in no form"),
        ("date,v / 44197,1", "`44197` is in no form"),
        ("time,at / 2015/01/01 01:00,x", "`time`"),
        ("time,seen / 31.12.2020,2021-01-01 00:00:00", "`time`: `31.12.2020` is in no form"),
    ]);
}

#[test]
fn date_and_time_in_two_columns_are_said_to_be() {
    check(&[
        ("date,time,v / 2021-01-01,12:00:00,1", "date and time stand in several columns (`date`, `time`)"),
        ("Date,Time,CO(GT) / 10/03/2004,18.00.00,2.6", "several columns (`Date`, `Time`)"),
        ("DATE,TIME,v / 20210101,093000,1", "several columns (`DATE`, `TIME`)"),
        ("FL_DATE,DEP_TIME,DELAY / 2015-01-01,1430.0,3", "several columns (`FL_DATE`, `DEP_TIME`)"),
        ("time,date,v / 12:00,31.12.2020,1", "several columns (`date`, `time`)"),
    ]);
}

#[test]
fn without_such_a_name_a_date_and_time_is_taken() {
    check(&[
        ("id,seen,v / 7,2021-01-01 00:00:00,1", "seen iso"),
        ("v,seen / 7,2021-01-01T00:00:00+01:00", "seen iso"),
        ("a,b / 2021-01-01,2021-01-01 10:00:00", "b iso"),
        ("a,b / x,2021-01-01", "b iso"),
        ("userId,born / 1,2021-01-01", "born iso"),
        ("n,first,second / 1,2020-01-01 00:00:00,2021-01-01 00:00:00", "first iso"),
    ]);
}

#[test]
fn a_plain_number_needs_a_reason() {
    check(&[
        ("id,x,y / 1,1600000000,5 / 2,1600000060,6", "x s"),
        ("id,x / 1,1600000000000 / 2,1600000060000", "x ms"),
        ("x,y / 0.0,5 / 0.1,4 / 0.2,5", "x s"),
        ("x,y / 10,5 / 20,4 / 20,5 / 35,9", "x s"),
        ("a,b / 1e+3,5 / 2e+3,4", "a s"),
        ("0,1 / 1600000000,5 / 1600000001,5", "no column holds a time"),
        ("x,y / 5,1 / 4,2 / 3,3", "no column holds a time (found: x, y)"),
        ("x,y / 5,1", "no column holds a time"),
        ("x,y / 5,1 / 5,2", "no column holds a time"),
        ("y,x / a,1 / b,2", "no column holds a time"),
        ("iata,latitude / 00M,31.9 / 00R,30.6", "no column holds a time"),
        ("userId,movieId,rating / 1,1,4.0 / 1,3,4.0 / 2,6,4.0", "no column holds a time"),
        ("Vehicle_ID,Local_X / 515,30.0 / 516,31.0", "no column holds a time"),
        ("id,name / 1,a / 2,b", "no column holds a time"),
        ("Id,SepalLength / 1,5.1 / 2,4.9", "no column holds a time"),
        ("sepal_length,sepal_width,species / 5.1,3.5,setosa / 4.9,3.0,setosa", "no column holds a time"),
        ("PassengerId,Survived,Age / 1,0,22 / 2,1,38", "no column holds a time"),
        (",v / 0,5 / 1,6", "no column holds a time"),
        ("Unnamed: 0,v / 0,5 / 1,6", "no column holds a time"),
        ("latitude,longitude / 1.5,2 / 2.5,3", "no column holds a time"),
        ("duration,v / 1,5 / 2,6", "no column holds a time"),
        ("phone,name / 2025550123,x / 2025550101,y", "no column holds a time"),
        ("name,score / ann,3 / bob,4", "no column holds a time"),
        (
            "name,seen / ann,31.12.2020 14:00",
            "no column holds a time (found: name, seen); if it is `seen`, state --time 'seen' --time-format '%d.%m.%Y %H:%M'",
        ),
        ("time_taken,path / 5,/a / 6,/b", "no column holds a time"),
    ]);
}

#[test]
fn another_delimiter_is_thought_of() {
    check(&[
        ("time;temp / 2024-01-01 00:00:00;3", "is `;` the delimiter? then state --delimiter ';'"),
        (
            "time;temp / 2024-01-01 00:00:00;3,5",
            "2 cells where 1 is expected (time;temp); is `;` the delimiter?",
        ),
        ("time\ttemp / 2024-01-01 00:00:00\t3", "is a tab the delimiter? then state --delimiter '\\t'"),
        ("time|temp / 2024-01-01 00:00:00|3", "is `|` the delimiter?"),
    ]);
}

#[test]
fn a_stated_format_is_looked_for_under_the_right_name_too() {
    let stated = |format: &str| RecordingOptions { time_format: format.parse().unwrap(), ..csv() };
    for (text, format, expected) in [
        ("id,timestamp\n1,1600000000\n", "s", "timestamp s"),
        ("born,time\n01.01.2000,31.12.2020\n", "%d.%m.%Y", "time %d.%m.%Y"),
        ("id,when\n1,31.12.2020\n", "%d.%m.%Y", "when %d.%m.%Y"),
        ("id,seen\n1,31.12.2020\n", "%d.%m.%Y", "seen %d.%m.%Y"),
        ("date,v\n20210131,1\n", "%Y%m%d", "date %Y%m%d"),
        ("date,v\n44197,1\n", "s", "date s"),
    ] {
        assert_eq!(clock_of(text, stated(format)).as_deref(), Ok(expected), "{text}");
    }
    let error = clock_of("id,v\n1,5\n2,6\n", stated("s")).unwrap_err();
    assert!(error.contains("no column holds a time"), "{error}");
    let error = clock_of("time,v\n2021-01-01,5\n", stated("%d.%m.%Y")).unwrap_err();
    assert!(error.contains("`2021-01-01` is no time in the format %d.%m.%Y; state another"), "{error}");
}

#[test]
fn objects_have_a_clock_as_rows_have() {
    for (text, expected) in [
        ("{\"userId\":1,\"timestamp\":964982703}", "timestamp s"),
        ("{\"id\":1,\"at\":\"2021-01-01T00:00:00Z\"}", "at iso"),
        ("{\"x\":1600000000,\"y\":5}\n{\"x\":1600000001,\"y\":4}", "x s"),
        ("{\"time\":null,\"t\":5}\n", "t s"),
    ] {
        assert_eq!(clock_of(text, json_lines()).as_deref(), Ok(expected), "{text}");
    }
    let error = clock_of("{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\"}", json_lines()).unwrap_err();
    assert!(error.contains("no column holds a time (found: id, name)"), "{error}");
}

/// What is chosen does not depend on how the bytes come.
#[test]
fn the_first_ten_rows_are_waited_for() {
    let rising: String = (0..30).map(|n| format!("{},5\n", if n < 10 { n } else { 0 })).collect();
    let falling: String = (0..30).map(|n| format!("{},5\n", if n < 9 { n } else { 0 })).collect();
    for at_most in [1, 7, 1 << 20] {
        let open = |rows: &str| {
            let options =
                RecordingOptions { schedule: Schedule::Recorded { speed: "1".parse().unwrap() }, ..csv() };
            let reader = kadence_testing::faults::Trickle::new(format!("x,y\n{rows}").into_bytes(), at_most);
            Recording::open("data", Box::new(reader), &options).is_ok()
        };
        assert!(open(&rising) && !open(&falling), "{at_most}");
    }
}

#[test]
fn of_two_times_the_one_that_begins_something_is_meant() {
    check(&[
        ("expires_at,created_at / 2022-01-01 00:00:00,2021-01-01 00:00:00", "created_at iso"),
        ("end_time,start_time / 2022-01-01 00:00:00,2021-01-01 00:00:00", "start_time iso"),
        ("dropoff_datetime,pickup_datetime / 2022-01-01 00:00:00,2021-01-01 00:00:00", "pickup_datetime iso"),
        ("updated_at,v / 2022-01-01 00:00:00,1", "updated_at iso"),
    ]);
}

#[test]
fn a_time_that_is_missing_in_the_first_row_is_the_error() {
    check(&[
        ("v,timestamp / 1,NA / 2,2021-01-01 / 3,2021-01-02", "column 2 `timestamp`: `NA` is in no form"),
        ("id,timestamp,expires / 1,NaT,2021-02-01T00:00:00Z", "column 2 `timestamp`: `NaT` is in no form"),
        ("timestamp,v / null,1", "`null` is in no form of a time that is recognised; there is no time in it"),
    ]);
    let late = "{\"n\":1,\"type\":\"hello\"}\n{\"n\":2,\"type\":\"ev\",\"ts\":1609459200}\n";
    assert_eq!(clock_of(late, json_lines()), Err("data:1: no field `ts`".into()));
}

/// Nobody's unit but that of an epoch is guessed, and no measure is a clock.
#[test]
fn numbers_in_other_units_are_refused() {
    check(&[
        ("time_hours,v / 0,1 / 1,2", "`time_hours`: `0` is in no form"),
        ("elapsed_minutes,v / 0,1 / 1,2", "`elapsed_minutes`: `0` is in no form"),
        ("time (min),v / 0,1 / 1,2", "no column holds a time"),
        ("No,year,month,day / 1,2010,1,1", "stand in several columns (`year`, `month`)"),
        ("Time,id / 04.01.21,1", "`Time`: `04.01.21` is in no form"),
        ("temperature,hum / 20.1,1 / 20.2,1 / 20.3,1", "no column holds a time"),
        ("user,score / 1,1 / 2,1 / 3,1", "no column holds a time"),
        ("col1,col2 / 0.1,1 / 0.2,1", "col1 s"),
    ]);
}
